// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/tree.h"

#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "common/bytes.h"

#define SYMLINKS_MAX 40 /* as in the kernel: MAXSYMLINKS */

struct link_group {
	uint32_t key[4]; /* device, inode, scope */
	struct tree_file *file;
};

static int compare_group(const void *a, const void *b)
{
	const struct link_group *left = a, *right = b;

	return memcmp(left->key, right->key, sizeof(left->key));
}

static struct tree_file *new_file(struct image_tree *tree)
{
	struct tree_file *file = calloc(1, sizeof(*file));

	if (file && vec_push(&tree->files, file) < 0) {
		free(file);
		return NULL;
	}
	return file;
}

/* The content that the members with this inode number share. NULL when memory is out. */
static struct tree_file *linked_file(struct image_tree *tree, const struct image_entry *entry)
{
	struct link_group *group = calloc(1, sizeof(*group)), **found;

	if (!group)
		return NULL;
	memcpy(group->key,
	       (uint32_t[]){ entry->dev_major, entry->dev_minor, entry->ino, entry->link_scope },
	       sizeof(group->key));
	found = tsearch(group, &tree->links, compare_group);
	if (!found || *found != group)
		free(group);
	if (!found)
		return NULL;
	if (!(*found)->file)
		(*found)->file = new_file(tree);
	return (*found)->file;
}

static int set_content(struct image_tree *tree, struct tree_file *file,
		       const struct image_entry *entry, struct error **err)
{
	if (tree->digests) {
		XXH128_hash_t sum = XXH3_128bits(entry->data, (size_t)entry->size);

		put_le64(file->digest, sum.low64);
		put_le64(file->digest + 8, sum.high64);
	}
	file->size = entry->size;
	file->ordinal = tree->members;
	if (file->facts && tree->free_facts)
		tree->free_facts(steal_ptr(&file->facts));
	return tree->content ? tree->content(tree->context, file, entry, err) : 0;
}

static void node_free(void *item)
{
	struct tree_node *node = item;

	if (!node)
		return;
	free(node->path);
	free(node->target);
	free(node);
}

static int add_content(struct image_tree *tree, struct tree_node *node,
		       const struct image_entry *entry, struct error **err)
{
	bool linked = entry->nlink > 1;

	if (!S_ISREG(entry->mode))
		return 0;
	node->file = linked ? linked_file(tree, entry) : new_file(tree);
	if (!node->file)
		return error_no_memory(err);
	/* a link without content leaves what its group has */
	if (linked && !entry->size && node->file->size)
		return 0;
	return set_content(tree, node->file, entry, err);
}

int image_tree_add(struct image_tree *tree, const struct image_entry *entry, struct error **err)
{
	struct tree_node *node = calloc(1, sizeof(*node));
	int r;

	if (!node)
		return error_no_memory(err);
	*node = (struct tree_node){ .path = strdup(entry->path),
				    .target =
					    entry->link_target ? strdup(entry->link_target) : NULL,
				    .mode = entry->mode,
				    .uid = entry->uid,
				    .gid = entry->gid,
				    .nlink = entry->nlink,
				    .mtime = entry->mtime,
				    .rdev_major = entry->rdev_major,
				    .rdev_minor = entry->rdev_minor,
				    .ordinal = tree->members,
				    .offset = entry->segment->offset };
	if (!node->path || (entry->link_target && !node->target) ||
	    vec_push(&tree->nodes, node) < 0) {
		node_free(node);
		return error_no_memory(err);
	}
	r = add_content(tree, node, entry, err);
	tree->members++;
	return r;
}

/* Of one path, the member that came last sorts first. */
static int compare_node(const void *a, const void *b)
{
	const struct tree_node *left = a, *right = b;
	int diff = strcmp(left->path, right->path);

	if (diff)
		return diff;
	return left->ordinal > right->ordinal ? -1 : left->ordinal < right->ordinal;
}

void image_tree_finish(struct image_tree *tree)
{
	size_t kept = 0;

	vec_sort(&tree->nodes, compare_node);
	for (size_t i = 0; i < tree->nodes.len; i++) {
		struct tree_node *node = tree->nodes.items[i];
		struct tree_node *last = kept ? tree->nodes.items[kept - 1] : NULL;

		if (last && strcmp(last->path, node->path) == 0)
			node_free(node);
		else
			tree->nodes.items[kept++] = node;
	}
	tree->nodes.len = kept;
}

struct tree_node *image_tree_find(const struct image_tree *tree, const char *path)
{
	size_t low = 0, high = tree->nodes.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct tree_node *node = tree->nodes.items[middle];
		int diff = strcmp(node->path, path);

		if (diff == 0)
			return node;
		if (diff < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* current = its parent directory; "" is the root. */
static void go_up(char *current)
{
	char *slash = strrchr(current, '/');

	*(slash ? slash : current) = '\0';
}

/* current += "/component". False when it gets too long. */
static bool go_down(char *current, const char *component, size_t len)
{
	size_t used = strlen(current);

	if (used + 1 + len >= PATH_MAX)
		return false;
	if (used)
		current[used++] = '/';
	memcpy(current + used, component, len);
	current[used + len] = '\0';
	return true;
}

/* rest = the target of the symlink, then what was left. False when it gets too long. */
static bool splice(char rest[static 2 * PATH_MAX], const char *left, const char *target)
{
	char joined[2 * PATH_MAX];
	int n = snprintf(joined, sizeof(joined), "%s/%s", target, left);

	if (n < 0 || (size_t)n >= sizeof(joined))
		return false;
	memcpy(rest, joined, (size_t)n + 1);
	return true;
}

/* Terminates: each turn shortens rest, or follows one of at most SYMLINKS_MAX symlinks. */
static struct tree_node *image_tree_resolve_rest(const struct image_tree *tree, char *current,
						 char rest[static 2 * PATH_MAX])
{
	struct tree_node *node = NULL;
	char *next = rest;

	for (int links = 0; *next;) {
		size_t len = strcspn(next, "/");
		const char *component = next;

		next += len + (next[len] == '/');
		if (len == 0 || (len == 1 && component[0] == '.'))
			continue;
		if (len == 2 && component[0] == '.' && component[1] == '.') {
			go_up(current);
			continue;
		}
		if (!go_down(current, component, len))
			return NULL;
		node = image_tree_find(tree, current);
		if (!node)
			return NULL;
		if (!node->target)
			continue;
		if (++links > SYMLINKS_MAX || !splice(rest, next, node->target))
			return NULL;
		next = rest;
		if (rest[0] == '/')
			current[0] = '\0';
		else
			go_up(current);
	}
	return *current ? image_tree_find(tree, current) : image_tree_find(tree, ".");
}

struct tree_node *image_tree_resolve(const struct image_tree *tree, const char *path,
				     char **ret_missing)
{
	char rest[2 * PATH_MAX], current[PATH_MAX] = "";
	struct tree_node *node = NULL;
	size_t size = strlen(path) + 1;

	if (size <= PATH_MAX) {
		memcpy(rest, path, size);
		node = image_tree_resolve_rest(tree, current, rest);
	}
	if (!node && ret_missing)
		*ret_missing = strdup(current);
	return node;
}

void image_tree_release(struct image_tree *tree)
{
	struct tree_file *file;

	vec_foreach(i, file, &tree->files)
		if (file->facts && tree->free_facts)
			tree->free_facts(file->facts);
	vec_clear(&tree->files, free);
	vec_clear(&tree->nodes, node_free);
	tdestroy(tree->links, free);
	tree->links = NULL;
}
