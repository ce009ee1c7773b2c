/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that the lists mean, below the current directory, which is the root. */
#ifndef APPLETS_PACKROOT_TREE_H
#define APPLETS_PACKROOT_TREE_H

#include "applets/packroot/lists.h"

/* Called with a path without slash in front. 0, or -errno which ends the walk. */
typedef int (*tree_visit)(void *data, const char *path, struct error **err);

struct tree {
	const struct list *files, *exclude;
	tree_visit visit;
	void *data;
};

/*
 * Visits each item of files that is there: first its parents, then itself, then, in sorted order,
 * all below it that exclude does not leave out. Symbolic links are not followed and other file
 * systems not entered: what is mounted on a directory is not part of the root. 0 or the -errno of a
 * visit.
 */
int tree_walk(const struct tree *tree, struct error **err) _must_check_;

#endif
