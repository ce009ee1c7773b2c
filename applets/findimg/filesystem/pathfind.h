/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking for a path inside a mounted file system, whose symbolic links cannot lead out of it. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_PATHFIND_H
#define APPLETS_FINDIMG_FILESYSTEM_PATHFIND_H

#include <stddef.h>

#include "common/error.h"

/*
 * Opens path (absolute ones mean the root of the mounted file system) below the directory root,
 * with O_PATH. Symbolic links count as they would with root as the root directory (openat2(2)
 * RESOLVE_IN_ROOT, Linux 5.6; on older kernels a path with symbolic links is not followed at all).
 * Only regular files and directories are found. Returns the descriptor; -ENOENT, -ENOTDIR, -ELOOP:
 * not there; other -errno.
 */
int path_open_below(const char *root, const char *path);

/*
 * The first of paths[] that exists below root. *ret_path: its name relative to root, links
 * resolved, with a leading slash (the caller frees it); *ret_fd: as from path_open_below. 0;
 * -ENOENT: none is there; other -errno: *ret_failed, one of paths[], cannot be opened.
 */
int path_find(const char *root, char *const *paths, size_t count, char **ret_path, int *ret_fd,
	      const char **ret_failed);

#endif
