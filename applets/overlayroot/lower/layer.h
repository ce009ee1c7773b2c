/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlay layers as directories: Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
 * directories". */
#ifndef APPLETS_OVERLAYROOT_LOWER_LAYER_H
#define APPLETS_OVERLAYROOT_LOWER_LAYER_H

#include <stdbool.h>

#include "common/error.h"

/* Whether directory path is there and has an entry. */
bool layer_has_entries(const char *path);

/* Whether a directory of the layer was renamed with redirect_dir=on: such a layer cannot be
 * absorbed. */
bool layer_has_redirects(const char *path);

/*
 * Moves into newer what older has and newer does not hide, and removes older. Both are directories
 * of one file system, in no mounted overlay. At every moment the two together show what they showed
 * before, so that a cut needs no repair: the next call continues. 0 or -errno.
 */
int layer_absorb(const char *newer, const char *older, struct error **err) _must_check_;

/* Removes path and all below it. 0 or -errno; -ENOENT counts as done. */
int layer_remove(const char *path, struct error **err) _must_check_;

#endif
