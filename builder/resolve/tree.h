/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and directories of the host as they would go into an image: nothing but lstat, readlink,
 * readdir and glob. */
#ifndef BUILDER_RESOLVE_TREE_H
#define BUILDER_RESOLVE_TREE_H

#include <stdbool.h>
#include <sys/types.h>

#include "builder/resolve/fileset.h"

struct tree_node {
	char *path; /* below the directory that was listed: "lib/net.sh"; of a single file its base
		       name */
	char *source; /* host path */
	char *target; /* of a symlink */
	enum entry_kind kind;
	mode_t mode; /* 0755 for directories and whatever the owner may run, else 0644: the umask of
			a checkout has no say */
	uint64_t size;
	dev_t rdev; /* ENTRY_NODE: with the type in node_mode */
	mode_t node_mode;
};

/*
 * Everything below `directory`, sorted by path in byte order; symlinks are not followed. Appends
 * struct tree_node * (owned by the caller, tree_node_free) to *nodes. Backup files of editors (*~)
 * and names that begin with '.' are kept out. -ENOENT, -EACCES...
 */
int tree_list(const char *directory, struct vec *nodes, struct error **err) _must_check_;

/* One file or directory by itself; follow: a symlink stands for what it points to. */
int tree_probe(const char *path, bool follow, struct tree_node **ret,
	       struct error **err) _must_check_;

/* The paths that match a shell pattern, sorted in byte order (char *, owned by the caller). None:
 * -ENOENT. */
int tree_glob(const char *pattern, struct vec *paths, struct error **err) _must_check_;

/* For vec_clear. */
void tree_node_free(void *node);

#endif
