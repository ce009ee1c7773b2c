// SPDX-License-Identifier: GPL-2.0-or-later
/* From a heap of wanted items to a complete, sorted plan. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/util/sentinel.h"
#include "builder/util/strbuf.h"

static const struct cause built_in = { .reason = "describes the image" };

/* Within one path: the higher rank first, then in the order added. */
static int finish_compare_items(const void *a, const void *b)
{
	const struct plan_item *left = a, *right = b;
	int diff = strcmp(left->entry.path, right->entry.path);

	if (diff)
		return diff;
	if (left->rank != right->rank)
		return left->rank > right->rank ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_file(const struct fs_entry *a, const struct fs_entry *b)
{
	if (a->size != b->size)
		return false;
	if (a->data && b->data)
		return memcmp(a->data, b->data, a->size) == 0;
	return same_text(a->source, b->source) && !a->data && !b->data;
}

static bool same_entry(const struct fs_entry *a, const struct fs_entry *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == ENTRY_SYMLINK)
		return strcmp(a->target, b->target) == 0;
	if (a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
		return false;
	return a->kind == ENTRY_FILE ? same_file(a, b) : a->rdev == b->rdev;
}

static void drop(struct vec *items, size_t index)
{
	struct plan_item *item = items->items[index];

	free(item->entry.path);
	free(item->entry.source);
	free(item->entry.data);
	free(item->entry.target);
	free(item->reason);
	free(item);
	items->items[index] = NULL;
}

static void report_conflict(struct planner *planner, const struct plan_item *kept,
			    const struct plan_item *other)
{
	_cleanup_free_ char *where = plan_location(kept);

	diag_add(planner->diag, DIAG_ERROR, other->why, NULL, NULL,
		 "'/%s' is already in the image with other content: %s%s%s", kept->entry.path,
		 kept->reason, where && *where ? ", " : "", where ? where : "");
}

/* Expects the order of compare_items. */
static void merge(struct planner *planner)
{
	struct vec *items = &planner->plan->items;
	size_t kept = 0;

	for (size_t i = 0; i < items->len; i++) {
		struct plan_item *item = items->items[i];
		struct plan_item *last = kept ? items->items[kept - 1] : NULL;

		if (!last || strcmp(last->entry.path, item->entry.path) != 0) {
			items->items[i] = NULL;
			items->items[kept++] = item;
			continue;
		}
		if (last->rank == item->rank && !same_entry(&last->entry, &item->entry))
			report_conflict(planner, last, item);
		/* a directory is needed as early as anyone needs it */
		if (item->entry.kind == ENTRY_DIR)
			last->entry.segment = MIN(last->entry.segment, item->entry.segment);
		drop(items, i);
	}
	items->len = kept;
}

static struct plan_item *finish_find(const struct vec *items, size_t sorted, const char *path,
				     size_t len)
{
	size_t low = 0, high = sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct plan_item *item = items->items[middle];
		int diff = strncmp(item->entry.path, path, len);

		if (diff == 0 && !item->entry.path[len])
			return item;
		if (diff < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void report_bad_parent(struct planner *planner, const struct plan_item *item,
			      const struct plan_item *parent)
{
	_cleanup_free_ char *where = plan_location(parent);

	diag_add(planner->diag, DIAG_ERROR, item->why, NULL, NULL,
		 "'/%s' cannot be made: '/%s' is not a directory in the image (%s%s%s)",
		 item->entry.path, parent->entry.path, parent->reason, where && *where ? ", " : "",
		 where ? where : "");
}

static int add_parent(struct planner *planner, const struct plan_item *item, size_t len,
		      struct error **err)
{
	const struct cause cause = { item->why, "directory", PLAN_BUILTIN };
	_cleanup_free_ char *path = strndup(item->entry.path, len);

	if (!path)
		return error_no_memory(err);
	return plan_add_dir(planner, item->entry.segment, path, 0755, &cause, err);
}

/* The missing directories of all items; those that several miss are merged afterwards. Expects the
 * order of compare_items. */
static int add_parents(struct planner *planner, struct error **err)
{
	struct vec *items = &planner->plan->items;
	size_t sorted = items->len;
	const char *previous = "";

	for (size_t i = 0; i < sorted; i++) {
		const struct plan_item *item = items->items[i];

		for (const char *p = item->entry.path; (p = strchr(p, '/')); p++) {
			size_t len = (size_t)(p - item->entry.path);
			const struct plan_item *parent;
			int r;

			/* neighbours share their directories: done with the one before */
			if (strncmp(previous, item->entry.path, len + 1) == 0)
				continue;
			parent = finish_find(items, sorted, item->entry.path, len);
			if (parent && parent->entry.kind != ENTRY_DIR)
				report_bad_parent(planner, item, parent);
			r = parent ? 0 : add_parent(planner, item, len, err);
			if (r < 0)
				return r;
		}
		previous = item->entry.path;
	}
	return 0;
}

/* path TAB location TAB reason: what `mkvinitrd why` reads. */
static int add_why(struct planner *planner, struct error **err)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const struct plan_item *item;
	size_t len;
	char *data;

	vec_foreach(i, item, &planner->plan->items) {
		_cleanup_free_ char *where = plan_location(item);

		if (item->entry.kind == ENTRY_DIR)
			continue;
		strbuf_printf(&text, "%s\t%s\t%s\n", item->entry.path, where ? where : "",
			      item->reason);
	}
	len = text.len;
	data = strbuf_steal(&text);
	if (!data)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_MODULES, PLAN_WHY_PATH, data, len, 0644, &built_in,
			     err);
}

static void count(struct plan *plan)
{
	const struct plan_item *item;

	plan->members = plan->items.len;
	plan->bytes = 0;
	vec_foreach(i, item, &plan->items)
		if (item->entry.kind == ENTRY_FILE)
			plan->bytes += item->entry.size;
}

static char *image_text(const struct plan *plan)
{
	char *text;

	if (asprintf(&text,
		     "version=%s\nkver=%s\nprofile=%s\nmembers=%" PRIu64 "\nbytes=%" PRIu64 "\n",
		     VERSION, plan->kver, plan->profile, plan->members, plan->bytes) < 0)
		return NULL;
	return text;
}

/* The file counts itself: its size changes until the number in it has its final digits. */
static int add_image(struct planner *planner, struct error **err)
{
	struct plan *plan = planner->plan;
	uint64_t others;
	char *text;
	size_t len;

	count(plan);
	others = plan->bytes;
	plan->members++;
	for (len = 0;; len = strlen(text), free(text)) {
		plan->bytes = others + len;
		text = image_text(plan);
		if (!text)
			return error_no_memory(err);
		if (strlen(text) == len)
			break;
	}
	return plan_add_data(planner, SEGMENT_MODULES, PLAN_IMAGE_PATH, text, len, 0644, &built_in,
			     err);
}

/* Only its size is known now; the digits of the hash come with the last byte of the other members.
 */
static int add_sentinel(struct planner *planner, struct error **err)
{
	char *text;
	int len = asprintf(&text, "members=%" PRIu64 "\nxxh128=%032d\n", planner->plan->members, 0);

	if (len < 0)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_MODULES, SENTINEL_PATH, text, (size_t)len, 0644,
			     &built_in, err);
}

/* A directory is needed as early as the first of what lies in it. Backwards, so that children are
 * final before their parent. */
static void pull_parents_forward(struct vec *items)
{
	for (size_t i = items->len; i-- > 0;) {
		const struct fs_entry *entry = &((struct plan_item *)items->items[i])->entry;
		const char *slash = strrchr(entry->path, '/');
		struct plan_item *parent;

		if (!slash)
			continue;
		parent = finish_find(items, items->len, entry->path, (size_t)(slash - entry->path));
		if (parent && parent->entry.segment > entry->segment)
			parent->entry.segment = entry->segment;
	}
}

int plan_finish(struct planner *planner, struct error **err)
{
	struct plan *plan = planner->plan;
	int r;

	vec_sort(&plan->items, finish_compare_items);
	merge(planner);
	r = add_why(planner, err);
	if (r < 0)
		return r;
	vec_sort(&plan->items, finish_compare_items);
	merge(planner);
	r = add_parents(planner, err);
	if (r < 0)
		return r;
	vec_sort(&plan->items, finish_compare_items);
	merge(planner);
	r = add_image(planner, err);
	if (r < 0)
		return r;
	r = add_sentinel(planner, err);
	if (r < 0)
		return r;
	vec_sort(&plan->items, finish_compare_items);
	merge(planner);
	pull_parents_forward(&plan->items);
	return 0;
}
