/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Markers of removed files, as in the layers of container images (OCI image-spec, layer.md,
 * "Whiteouts"). */
#ifndef APPLETS_UNPACKROOT_TREE_REMOVE_H
#define APPLETS_UNPACKROOT_TREE_REMOVE_H

#include <stdbool.h>

#include "common/error.h"

/*
 * If the last part of path is .wh.NAME, removes NAME with all below it from that directory,
 * relative to the current directory, and returns true; whether it was there does not matter. What
 * cannot be removed is reported in a message. removed: a file descriptor to which its path is
 * written, ended by a NUL, or -1.
 */
bool remove_by_marker(const char *path, int removed);

/* If path is a directory, removes it with all below it: a member that is none takes its place. 0 or
 * -errno. */
int remove_directory(const char *path, struct error **err) _must_check_;

#endif
