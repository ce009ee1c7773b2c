/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emptying a directory, so that no half of a root is left to run. */
#ifndef APPLETS_UNPACKROOT_TREE_WIPE_H
#define APPLETS_UNPACKROOT_TREE_WIPE_H

#include <stdbool.h>

#include "common/error.h"

/* Whether directory fd holds nothing but lost+found. 1, 0 or -errno. */
int dir_is_empty(int fd);

/*
 * Removes everything below directory fd except a lost+found at its top. Works to any depth with few
 * descriptors, follows no symlink, and does not enter other file systems. 0 or -errno.
 */
int wipe_dir(int fd, struct error **err) _must_check_;

#endif
