// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/fileset.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static void entry_free(void *item)
{
	struct fs_entry *entry = item;

	if (!entry)
		return;
	free(entry->path);
	free(entry->source);
	free(entry->data);
	free(entry->target);
	free(entry);
}

void fileset_release(struct fileset *set)
{
	vec_clear(&set->entries, entry_free);
}

int fileset_add(struct fileset *set, const struct fs_entry *entry, struct error **err)
{
	struct fs_entry *copy = malloc(sizeof(*copy));

	if (!copy) {
		free(entry->path);
		free(entry->source);
		free(entry->data);
		free(entry->target);
		return error_no_memory(err);
	}
	*copy = *entry;
	if (vec_push(&set->entries, copy) < 0) {
		entry_free(copy);
		return error_no_memory(err);
	}
	return 0;
}

/* Why `path` cannot name a member, or NULL. */
static const char *path_problem(const char *path)
{
	if (!path || !*path)
		return "is empty";
	if (strlen(path) >= PATH_MAX)
		return "is longer than the kernel's PATH_MAX";
	for (const char *part = path;; part++) {
		size_t len = strcspn(part, "/");

		if (len == 0)
			return "is absolute, or has an empty component";
		if (len > NAME_MAX)
			return "has a component longer than NAME_MAX";
		if (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')))
			return "has a '.' or '..' component";
		part += len;
		if (!*part)
			return NULL;
	}
}

static int check_entry(const struct fs_entry *entry, struct error **err)
{
	const char *problem = path_problem(entry->path);

	if (problem)
		return error_make(err, EINVAL, "member path '%s' %s",
				  entry->path ? entry->path : "", problem);
	if (entry->kind == ENTRY_SYMLINK &&
	    (!entry->target || !*entry->target || strlen(entry->target) >= PATH_MAX))
		return error_make(err, EINVAL, "symlink '%s': its target is empty or too long",
				  entry->path);
	return 0;
}

/* In strcmp order a directory comes before everything below it, and all that is below it is
 * contiguous with it or nearly so. */
static int compare_path(const void *a, const void *b)
{
	const struct fs_entry *left = a, *right = b;
	int diff = strcmp(left->path, right->path);

	return diff ? diff : (int)left->segment - (int)right->segment;
}

static int compare_segment(const void *a, const void *b)
{
	const struct fs_entry *left = a, *right = b;
	int diff = (int)left->segment - (int)right->segment;

	return diff ? diff : strcmp(left->path, right->path);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_content(const struct fs_entry *a, const struct fs_entry *b)
{
	if (a->data && b->data)
		return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
	return !a->data && !b->data && a->size == b->size && same_text(a->source, b->source);
}

static bool same_entry(const struct fs_entry *a, const struct fs_entry *b)
{
	if (a->kind != b->kind || a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
		return false;
	switch (a->kind) {
	case ENTRY_FILE:
		return same_content(a, b);
	case ENTRY_SYMLINK:
		return same_text(a->target, b->target);
	case ENTRY_NODE:
		return a->rdev == b->rdev;
	case ENTRY_DIR:
	case ENTRY_PIPE:
	case ENTRY_SOCKET:
		return true;
	}
	return false;
}

static const char *origin(const struct fs_entry *entry)
{
	static const char *const names[] = { "built-in content", "a directory", "a symlink",
					     "a device node",	 "a pipe",	"a socket" };

	return entry->source ? entry->source : names[entry->kind];
}

/* Expects path order. Of equal entries the one in the earliest segment stays. */
static int drop_duplicates(struct vec *entries, struct error **err)
{
	size_t kept = 0;

	for (size_t i = 0; i < entries->len; i++) {
		struct fs_entry *entry = entries->items[i];
		struct fs_entry *last = kept ? entries->items[kept - 1] : NULL;

		if (!last || strcmp(last->path, entry->path) != 0) {
			entries->items[i] = NULL;
			entries->items[kept++] = entry;
			continue;
		}
		if (!same_entry(last, entry)) {
			/* what lies between has been freed: leave no dangling pointers behind */
			error_make(err, EEXIST,
				   "'%s' is added twice with different contents: %s and %s",
				   entry->path, origin(last), origin(entry));
			memmove(&entries->items[kept], &entries->items[i],
				(entries->len - i) * sizeof(*entries->items));
			entries->len -= i - kept;
			return -EEXIST;
		}
		entry_free(entry);
		entries->items[i] = NULL;
	}
	entries->len = kept;
	return 0;
}

/* The entry named by the first len bytes of path among the first `sorted` ones, or NULL. */
static struct fs_entry *find_prefix(const struct vec *entries, size_t sorted, const char *path,
				    size_t len)
{
	size_t low = 0, high = sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct fs_entry *entry = entries->items[middle];
		int diff = strncmp(entry->path, path, len);

		if (diff == 0 && entry->path[len] == '\0')
			return entry;
		if (diff < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int add_parent(struct fileset *set, const struct fs_entry *child, size_t len,
		      struct error **err)
{
	struct fs_entry parent = { .kind = ENTRY_DIR,
				   .segment = child->segment,
				   .mode = 0755,
				   .path = strndup(child->path, len) };

	if (!parent.path)
		return error_no_memory(err);
	return fileset_add(set, &parent, err);
}

/* Expects path order; appends what is missing, so the order is lost. */
static int add_parents(struct fileset *set, struct error **err)
{
	size_t sorted = set->entries.len;
	const char *previous = "";

	for (size_t i = 0; i < sorted; i++) {
		const struct fs_entry *entry = set->entries.items[i];

		for (const char *p = entry->path; (p = strchr(p, '/')); p++) {
			size_t len = (size_t)(p - entry->path);
			const struct fs_entry *parent;
			int r;

			/* members of one directory are contiguous: seen with the one before */
			if (strncmp(previous, entry->path, len + 1) == 0)
				continue;
			parent = find_prefix(&set->entries, sorted, entry->path, len);
			if (parent && parent->kind != ENTRY_DIR)
				return error_make(
					err, ENOTDIR,
					"'%s' cannot be a member: '%s' is not a directory (%s)",
					entry->path, parent->path, origin(parent));
			r = parent ? 0 : add_parent(set, entry, len, err);
			if (r < 0)
				return r;
		}
		previous = entry->path;
	}
	return 0;
}

/* Expects path order. Backwards, so that a directory has its final segment before its own parent is
 * looked at. */
static void pull_parents_forward(struct vec *entries)
{
	for (size_t i = entries->len; i-- > 0;) {
		const struct fs_entry *entry = entries->items[i];
		const char *slash = strrchr(entry->path, '/');
		struct fs_entry *parent;

		if (!slash)
			continue;
		parent = find_prefix(entries, entries->len, entry->path,
				     (size_t)(slash - entry->path));
		if (parent && parent->segment > entry->segment)
			parent->segment = entry->segment;
	}
}

/* Numbers restart in each segment, so that the bytes of a cached segment do not depend on the
 * others. */
static void number_entries(struct vec *entries)
{
	uint32_t next[SEGMENT_COUNT] = { 0 };
	struct fs_entry *entry;

	vec_foreach(i, entry, entries) {
		entry->ino = ((uint32_t)entry->segment << 24) + ++next[entry->segment];
		entry->nlink = entry->kind == ENTRY_DIR ? 2 : 1;
	}
}

int fileset_finish(struct fileset *set, struct error **err)
{
	struct fs_entry *entry;
	int r;

	vec_foreach(i, entry, &set->entries) {
		r = check_entry(entry, err);
		if (r < 0)
			return r;
	}
	vec_sort(&set->entries, compare_path);
	r = drop_duplicates(&set->entries, err);
	if (r < 0)
		return r;
	r = add_parents(set, err);
	if (r < 0)
		return r;
	vec_sort(&set->entries, compare_path);
	pull_parents_forward(&set->entries);
	vec_sort(&set->entries, compare_segment);
	number_entries(&set->entries);
	return 0;
}
