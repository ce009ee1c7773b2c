// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/record.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "builder/image/source.h"
#include "builder/plan/plan.h"
#include "common/modules/name.h"

static int record_on_segment(void *context, const struct image_segment *segment, struct error **err)
{
	struct record *record = context;
	struct record_segment *known = calloc(1, sizeof(*known));

	if (!known || vec_push(&record->segments, known) < 0) {
		free(known);
		return error_no_memory(err);
	}
	known->offset = segment->offset;
	return 0;
}

static int record_on_entry(void *context, const struct image_entry *entry, struct error **err)
{
	struct record *record = context;
	int r = image_tree_add(&record->tree, entry, err);

	if (r < 0)
		return r;
	if (record->segments.len) {
		struct record_segment *last = record->segments.items[record->segments.len - 1];

		last->unpacked += entry->member_size;
	}
	if (strcmp(entry->path, PLAN_WHY_PATH) != 0 || record->text)
		return 0;
	record->text = strndup((const char *)entry->data, (size_t)entry->size);
	return record->text ? 0 : error_no_memory(err);
}

static void record_measure_segments(struct record *record)
{
	uint64_t end = record->length;

	for (size_t i = record->segments.len; i-- > 0;) {
		struct record_segment *segment = record->segments.items[i];

		segment->length = end - segment->offset;
		end = segment->offset;
	}
}

static const char *why_last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int why_compare_paths(const void *a, const void *b)
{
	const struct why *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static int why_compare_modules(const void *a, const void *b)
{
	const struct why *left = a, *right = b;

	return strcmp(left->module, right->module);
}

static int why_compare_names(const void *a, const void *b)
{
	const struct why *left = a, *right = b;

	return strcmp(why_last_part(left->path), why_last_part(right->path));
}

static void why_free(void *item)
{
	struct why *why = item;

	free(why->module);
	free(why);
}

/* Images have as many lines as who made them likes: no search may look at all. */
static bool record_index(struct record *record, struct why *why)
{
	char module[MODULE_NAME_SIZE];
	struct why **first;

	if (strncmp(why->path, "lib/modules/", 12) == 0 && strstr(why->path, ".ko") &&
	    module_name(why->path, strlen(why->path), module, sizeof(module))) {
		why->module = strdup(module);
		if (!why->module || !tsearch(why, &record->by_module, why_compare_modules))
			return false;
	}
	first = tsearch(why, &record->by_name, why_compare_names);
	if (first && *first != why)
		(*first)->shared = true;
	return first && tsearch(why, &record->by_path, why_compare_paths);
}

static int record_add(struct record *record, const char *path, const char *where,
		      const char *reason, struct error **err)
{
	struct why *why = calloc(1, sizeof(*why));

	if (!why || vec_push(&record->whys, why) < 0) {
		free(why);
		return error_no_memory(err);
	}
	why->path = path;
	why->where = where;
	why->reason = reason;
	return record_index(record, why) ? 0 : error_no_memory(err);
}

static int record_split(struct record *record, struct error **err)
{
	char *rest = NULL;
	int r = 0;

	for (char *line = strtok_r(record->text, "\n", &rest); line && r == 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *where = strchr(line, '\t'), *reason = where ? strchr(where + 1, '\t') : NULL;

		if (!reason)
			continue;
		*where++ = '\0';
		*reason++ = '\0';
		r = record_add(record, line, where, reason, err);
	}
	return r;
}

static struct why *record_lookup(void *const *index, const struct why *key,
				 int (*compare)(const void *, const void *))
{
	struct why *const *found = tfind(key, index, compare);

	return found ? *found : NULL;
}

static struct why *record_search(const struct record *record, const char *wanted)
{
	const struct why path = { .path = wanted + strspn(wanted, "/") };
	char module[MODULE_NAME_SIZE];
	const struct why name = { .path = wanted, .module = module };
	struct why *why = record_lookup(&record->by_path, &path, why_compare_paths);

	if (why || strchr(wanted, '/'))
		return why;
	if (module_name(wanted, strlen(wanted), module, sizeof(module)))
		why = record_lookup(&record->by_module, &name, why_compare_modules);
	if (why)
		return why;
	why = record_lookup(&record->by_name, &name, why_compare_names);
	return why && !why->shared ? why : NULL;
}

static struct why *record_next(const struct record *record, const struct why *why)
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
			return record_search(record, why->reason + strlen(relations[i]));
	return NULL;
}

/* Looks at each line once: who was seen before has a root, of a circle the line where it closes. */
static void record_find_root(const struct record *record, struct why *why)
{
	struct why *at = why, *next = why;
	const struct why *root;

	for (; next && !next->root; next = record_next(record, at)) {
		at = next;
		at->root = at;
	}
	root = next ? next->root : at;
	for (at = why; at && at->root != root; at = record_next(record, at))
		at->root = root;
}

int record_read(struct record *record, const char *path, struct error **err)
{
	const struct image_visitor visitor = { .segment = record_on_segment,
					       .entry = record_on_entry,
					       .context = record };
	struct image_source source;
	struct why *why;
	int r = image_source_open(path, &source, err);

	if (r < 0)
		return r;
	record->length = source.len;
	r = image_walk(source.data, source.len, path, &visitor, err);
	image_source_close(&source);
	if (r < 0)
		return r;
	image_tree_finish(&record->tree);
	record_measure_segments(record);
	r = record->text ? record_split(record, err) : 0;
	vec_foreach(i, why, &record->whys)
		if (r == 0)
			record_find_root(record, why);
	return r;
}

/* The indexes own nothing. */
static void record_keep(void *item)
{
	(void)item;
}

void record_release(struct record *record)
{
	tdestroy(record->by_path, record_keep);
	tdestroy(record->by_module, record_keep);
	tdestroy(record->by_name, record_keep);
	vec_clear(&record->whys, why_free);
	vec_clear(&record->segments, free);
	image_tree_release(&record->tree);
	free(steal_ptr(&record->text));
}

int record_require(const struct record *record, const char *path, struct error **err)
{
	if (record->text)
		return 0;
	return error_make(err, ENOENT,
			  "'%s' does not record why its members are there: it has no /%s, so "
			  "mkvinitrd did not build it",
			  path, PLAN_WHY_PATH);
}

const struct why *record_find(const struct record *record, const char *wanted)
{
	return record_search(record, wanted);
}

const struct why *record_cause(const struct record *record, const struct why *why)
{
	return record_next(record, why);
}
