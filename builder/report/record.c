// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/record.h"

#include <errno.h>
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

static int record_split(struct record *record, struct error **err)
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

int record_read(struct record *record, const char *path, struct error **err)
{
	const struct image_visitor visitor = { .segment = record_on_segment,
					       .entry = record_on_entry,
					       .context = record };
	struct image_source source;
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
	return record->text ? record_split(record, err) : 0;
}

void record_release(struct record *record)
{
	vec_clear(&record->whys, free);
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

static bool why_is_module(const char *path, const char *name)
{
	char have[256], want[256];

	return strncmp(path, "lib/modules/", 12) == 0 && strstr(path, ".ko") &&
	       module_name(path, strlen(path), have, sizeof(have)) &&
	       module_name(name, strlen(name), want, sizeof(want)) && strcmp(have, want) == 0;
}

const struct why *record_find(const struct record *record, const char *wanted)
{
	const char *path = wanted + strspn(wanted, "/");
	const struct why *why, *found = NULL;

	vec_foreach(i, why, &record->whys)
		if (strcmp(why->path, path) == 0)
			return why;
	if (strchr(wanted, '/'))
		return NULL;
	vec_foreach(i, why, &record->whys)
		if (why_is_module(why->path, wanted))
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

const struct why *record_cause(const struct record *record, const struct why *why)
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
			return record_find(record, why->reason + strlen(relations[i]));
	return NULL;
}
