/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the root file system holds once the kernel has unpacked an image: later members win, hard
 * links share their content. */
#ifndef BUILDER_IMAGE_TREE_H
#define BUILDER_IMAGE_TREE_H

#include "builder/image/image.h"
#include "builder/util/vec.h"

/* Content of a regular file; several nodes share one when they are hard links. */
struct tree_file {
	uint64_t size;
	uint64_t ordinal;   /* of the member that brought it, counted from 0 over the image */
	uint8_t digest[16]; /* XXH3-128, when the tree wants it */
	void *facts;	    /* of the tree's content callback */
};

struct tree_node {
	char *path;
	char *target; /* of a symlink, else NULL */
	uint32_t mode, uid, gid, nlink, mtime, rdev_major, rdev_minor;
	uint64_t ordinal;
	uint64_t offset;	/* of its segment in the image file */
	struct tree_file *file; /* of a regular file, else NULL; owned by the tree */
};

struct image_tree {
	bool digests; /* fill in tree_file.digest */
	/* Looks at new content and may set file->facts; may be NULL. */
	int (*content)(void *context, struct tree_file *file, const struct image_entry *entry,
		       struct error **err);
	void (*free_facts)(void *facts); /* NULL = nothing to free */
	void *context;

	struct vec nodes; /* of struct tree_node; after image_tree_finish sorted by path, one for
			     each */
	struct vec files; /* of struct tree_file */
	void *links;	  /* hard link groups, for tsearch(3) */
	uint64_t members;
};

/* Adds the next member of the walk. -ENOMEM, or what the content callback returned. */
int image_tree_add(struct image_tree *tree, const struct image_entry *entry,
		   struct error **err) _must_check_;

/* Sorts and drops what later members replaced. */
void image_tree_finish(struct image_tree *tree);

/* The node of exactly that path, or NULL. */
struct tree_node *image_tree_find(const struct image_tree *tree, const char *path);

/*
 * The node that the booted system finds at path ("/" and "./" in front do not matter), symlinks
 * followed within the image. NULL: not there. *ret_missing, when not NULL: the path that ended the
 * search, owned by the caller (may be NULL).
 */
struct tree_node *image_tree_resolve(const struct image_tree *tree, const char *path,
				     char **ret_missing);

void image_tree_release(struct image_tree *tree);

#endif
