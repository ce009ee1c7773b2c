// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/command.h"
#include "builder/image/source.h"
#include "builder/image/tree.h"
#include "common/modules/name.h"
#include "common/msg.h"

/* One line of etc/mkvinitrd/why: path TAB location TAB reason. */
struct why {
	const char *path, *where, *reason;
};

struct record {
	char *text;		/* of etc/mkvinitrd/why; NULL: the image has none */
	struct vec whys;	/* of struct why, in the order of the image's text */
	struct image_tree tree; /* all members */
};

static int why_on_entry(void *context, const struct image_entry *entry, struct error **err)
{
	struct record *record = context;
	int r = image_tree_add(&record->tree, entry, err);

	if (r < 0)
		return r;
	if (strcmp(entry->path, PLAN_WHY_PATH) != 0 || record->text)
		return 0;
	record->text = strndup((const char *)entry->data, (size_t)entry->size);
	return record->text ? 0 : error_no_memory(err);
}

static int split(struct record *record, struct error **err)
{
	char *rest = NULL;

	for (char *line = strtok_r(record->text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *where = strchr(line, '\t'), *reason = where ? strchr(where + 1, '\t') : NULL;
		struct why *why;

		if (!reason)
			continue;
		*where++ = '\0';
		*reason++ = '\0';
		why = malloc(sizeof(*why));
		if (!why || vec_push(&record->whys, why) < 0) {
			free(why);
			return error_no_memory(err);
		}
		*why = (struct why){ line, where, reason };
	}
	return 0;
}

static int read_record(const char *name, struct record *record, struct error **err)
{
	const struct image_visitor visitor = { .entry = why_on_entry, .context = record };
	struct image_source source;
	int r = image_source_open(name, &source, err);

	if (r < 0)
		return r;
	r = image_walk(source.data, source.len, name, &visitor, err);
	image_source_close(&source);
	if (r < 0)
		return r;
	image_tree_finish(&record->tree);
	if (!record->text)
		return error_make(
			err, ENOENT,
			"'%s' does not record why its members are there: it has no /%s, so "
			"mkvinitrd did not build it",
			name, PLAN_WHY_PATH);
	return split(record, err);
}

static bool is_module(const char *path, const char *name)
{
	char have[256], want[256];

	return strncmp(path, "lib/modules/", 12) == 0 && strstr(path, ".ko") &&
	       module_name(path, strlen(path), have, sizeof(have)) &&
	       module_name(name, strlen(name), want, sizeof(want)) && strcmp(have, want) == 0;
}

/* By path with or without '/' in front, by the name of a module, or by the last part of the path if
 * that is the only one. */
static const struct why *why_find(const struct record *record, const char *wanted)
{
	const char *path = wanted + strspn(wanted, "/");
	const struct why *why, *found = NULL;

	vec_foreach(i, why, &record->whys)
		if (strcmp(why->path, path) == 0)
			return why;
	if (strchr(wanted, '/'))
		return NULL;
	vec_foreach(i, why, &record->whys)
		if (is_module(why->path, wanted))
			return why;
	vec_foreach(i, why, &record->whys) {
		const char *slash = strrchr(why->path, '/');

		if (strcmp(slash ? slash + 1 : why->path, wanted) != 0)
			continue;
		if (found)
			return NULL;
		found = why;
	}
	return found;
}

/* The member that a reason like "needed by ext4" or "library of /usr/bin/foo" names last, or NULL.
 */
static const struct why *cause_of(const struct record *record, const struct why *why)
{
	static const char *const relations[] = {
		"needed by ",		"soft dependency of ",
		"weak dependency of ",	"firmware of ",
		"library of ",		"interpreter of ",
		"character set of ",	"transport of ",
		"protocol version of ", "keyboard driver beside ",
		"disk driver beside ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(relations); i++)
		if (strncmp(why->reason, relations[i], strlen(relations[i])) == 0)
			return why_find(record, why->reason + strlen(relations[i]));
	return NULL;
}

static void print_chain(const struct record *record, const struct why *why)
{
	/* no chain is longer than the list, even in an image made to confuse */
	for (size_t depth = 0; why && depth <= record->whys.len; depth++) {
		printf("%*s/%s: ", (int)(depth > 20 ? 40 : depth * 2), "", why->path);
		if (strncmp(why->reason, "profile '", 9) == 0)
			printf("needed by profile %s %s\n", why->where, why->reason + 8);
		else
			printf("%s\n", why->reason);
		why = cause_of(record, why);
	}
}

/* What the booted system finds at the path, when links of the image lead there. */
static const char *behind_links(const struct record *record, const char *wanted)
{
	const struct tree_node *node =
		strchr(wanted, '/') ? image_tree_resolve(&record->tree, wanted, NULL) : NULL;

	return node && strcmp(node->path, wanted + strspn(wanted, "/")) != 0 ? node->path : NULL;
}

static int why_explain(const struct record *record, const char *name, const char *wanted)
{
	const struct why *why = why_find(record, wanted);
	const char *path = wanted + strspn(wanted, "/"), *real;

	if (why) {
		print_chain(record, why);
		return STATUS_OK;
	}
	if (image_tree_find(&record->tree, path)) {
		printf("/%s: part of every image, or the directory of something else\n", path);
		return STATUS_OK;
	}
	real = behind_links(record, wanted);
	if (real) {
		printf("/%s: by links of the image this is /%s\n", path, real);
		return why_explain(record, name, real);
	}
	msg(MSG_ERROR, "'%s' has no member or module '%s'; 'mkvinitrd ls' lists them", name,
	    wanted);
	return STATUS_FAILED;
}

int cmd_why(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct record record = { 0 };
	int status = STATUS_FAILED;

	if (read_record(options->argv[0], &record, &err) < 0)
		msg(MSG_ERROR, "%s", error_msg(err));
	else
		status = why_explain(&record, options->argv[0], options->argv[1]);
	vec_clear(&record.whys, free);
	image_tree_release(&record.tree);
	free(record.text);
	return status;
}
