// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <string.h>

#include "builder/plan/internal.h"

struct cause stmt_cause(const struct stmt *stmt, char **ret_reason)
{
	struct cause cause = { .why = stmt->loc, .rank = PLAN_PROFILE };

	if (asprintf(ret_reason, "profile '%s%s%s'", stmt->directive, stmt->argc ? " " : "",
		     stmt->argc ? stmt->argv[0] : "") < 0)
		*ret_reason = NULL;
	cause.reason = *ret_reason;
	return cause;
}

char *plan_image_path(const char *path)
{
	static const char *const places[][2] = {
		{ "usr/bin/", "bin/" }, { "usr/sbin/", "bin/" },    { "sbin/", "bin/" },
		{ "usr/lib/", "lib/" }, { "usr/lib64/", "lib64/" }, { "usr/lib32/", "lib32/" },
	};
	char *result;

	path += strspn(path, "/");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		size_t len = strlen(places[i][0]);

		if (strncmp(path, places[i][0], len) != 0)
			continue;
		return asprintf(&result, "%s%s", places[i][1], path + len) < 0 ? NULL : result;
	}
	return strdup(path);
}

static void free_strings(struct fs_entry *entry)
{
	free(entry->path);
	free(entry->source);
	free(entry->data);
	free(entry->target);
}

static bool complete(const struct fs_entry *entry)
{
	if (!entry->path)
		return false;
	if (entry->kind == ENTRY_FILE)
		return entry->data || entry->source;
	return entry->kind != ENTRY_SYMLINK || entry->target;
}

static struct plan_item *new_item(struct fs_entry *entry, const struct cause *cause)
{
	struct plan_item *item = calloc(1, sizeof(*item));
	char *reason = cause->reason ? strdup(cause->reason) : NULL;
	char *path = entry->path ? plan_image_path(entry->path) : NULL;

	free(entry->path);
	entry->path = path;
	if (!item || !reason || !complete(entry)) {
		free(item);
		free(reason);
		free_strings(entry);
		return NULL;
	}
	item->entry = *entry;
	item->why = cause->why;
	item->reason = reason;
	item->rank = cause->rank;
	return item;
}

static void item_free(void *data)
{
	struct plan_item *item = data;

	free_strings(&item->entry);
	free(item->reason);
	free(item);
}

int plan_add(struct planner *planner, const struct fs_entry *entry, const struct cause *cause,
	     struct error **err)
{
	struct vec *items = &planner->plan->items;
	struct fs_entry copy = *entry;
	struct plan_item *item = new_item(&copy, cause);

	if (!item)
		return error_no_memory(err);
	item->order = items->len;
	if (vec_push(items, item) < 0) {
		item_free(item);
		return error_no_memory(err);
	}
	return 0;
}

int plan_add_data(struct planner *planner, enum segment_kind segment, const char *path, char *data,
		  size_t len, mode_t mode, const struct cause *cause, struct error **err)
{
	const struct fs_entry entry = { .kind = ENTRY_FILE,
					.segment = segment,
					.path = strdup(path),
					.data = data,
					.size = len,
					.mode = mode };

	return plan_add(planner, &entry, cause, err);
}

int plan_add_source(struct planner *planner, enum segment_kind segment, const char *path,
		    const char *source, uint64_t size, mode_t mode, const struct cause *cause,
		    struct error **err)
{
	const struct fs_entry entry = { .kind = ENTRY_FILE,
					.segment = segment,
					.path = strdup(path),
					.source = strdup(source),
					.size = size,
					.mode = mode };

	return plan_add(planner, &entry, cause, err);
}

int plan_add_link(struct planner *planner, enum segment_kind segment, const char *path,
		  const char *target, const struct cause *cause, struct error **err)
{
	const struct fs_entry entry = { .kind = ENTRY_SYMLINK,
					.segment = segment,
					.path = strdup(path),
					.target = strdup(target),
					.mode = 0777 };

	return plan_add(planner, &entry, cause, err);
}

int plan_add_dir(struct planner *planner, enum segment_kind segment, const char *path, mode_t mode,
		 const struct cause *cause, struct error **err)
{
	const struct fs_entry entry = {
		.kind = ENTRY_DIR, .segment = segment, .path = strdup(path), .mode = mode
	};

	return plan_add(planner, &entry, cause, err);
}

int plan_note(struct vec *notes, char *note, struct error **err)
{
	if (note && vec_push(notes, note) == 0)
		return 0;
	free(note);
	return error_no_memory(err);
}

char *plan_source_path(const struct stmt *stmt, const char *src)
{
	const char *slash = stmt->loc.file ? strrchr(stmt->loc.file, '/') : NULL;
	char *path;

	if (*src == '/' || !slash)
		return strdup(src);
	if (asprintf(&path, "%.*s/%s", (int)(slash - stmt->loc.file), stmt->loc.file, src) < 0)
		return NULL;
	return path;
}

char *plan_location(const struct plan_item *item)
{
	const char *slash = item->why.file ? strrchr(item->why.file, '/') : NULL;
	char *text;

	if (!item->why.file)
		return strdup("");
	if (asprintf(&text, "%s:%u", slash ? slash + 1 : item->why.file, item->why.line) < 0)
		return NULL;
	return text;
}

void plan_release(struct plan *plan)
{
	vec_clear(&plan->items, item_free);
	vec_clear(&plan->notes, free);
	vec_clear(&plan->details, free);
	free(plan->compressor);
	free(plan->profile);
	free(plan->kver);
	*plan = (struct plan){ 0 };
}
