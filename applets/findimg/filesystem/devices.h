/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other devices of a file system over several. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_DEVICES_H
#define APPLETS_FINDIMG_FILESYSTEM_DEVICES_H

#include <stdbool.h>

#include "applets/findimg/device/blockdev.h"
#include "applets/findimg/filesystem/btrfs.h"
#include "applets/findimg/filesystem/roguard.h"

struct devices {
	struct btrfs_part
		part; /* what the device itself is of it; devices 0: no such file system */
	struct blockdev *others; /* those that are there, beside the device itself */
	size_t count;
	bool incomplete; /* some are missing */
};

/* Tells the kernel of path and all others. 0 or -errno. */
int devices_scan(const struct devices *d, const char *path, struct error **err) _must_check_;

/* Takes that back. */
void devices_forget(const struct devices *d, const char *path);

/* Holds the others read-only: one guard for each in *ret, whom devices_release lowers and frees.
 * 0 or -errno. */
int devices_hold(const struct devices *d, struct roguard **ret, struct error **err) _must_check_;
void devices_release(const struct devices *d, struct roguard *guards);

/* What the mount needs beside the data of the type, or NULL. */
const char *devices_data(const struct devices *d);

#endif
