/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths whose letters have another case than what the user wrote. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_PATHFOLD_H
#define APPLETS_FINDIMG_FILESYSTEM_PATHFOLD_H

#include <stddef.h>

#include "common/macro.h"

#define PATHFOLD_MAX 4

/* What was found, with a leading slash; at most PATHFOLD_MAX. path_matches_clear frees it. */
struct path_matches {
	char *path[PATHFOLD_MAX];
	size_t count;
};

/*
 * Files and directories below the directory root whose path equals path but for the case of its
 * letters (UTF-8). Symbolic links count as in path_open_below. A path with ".." has none, nor one
 * that leads through very many directories.
 */
void path_find_folded(const char *root, const char *path, struct path_matches *ret);

void path_matches_clear(struct path_matches *matches);

#define _cleanup_matches_ _cleanup_(path_matches_clear)

#endif
