/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a device is mounted already: such a one must be used as it is, never set read-only below
 * its user. */
#ifndef APPLETS_FINDIMG_DEVICE_MOUNTED_H
#define APPLETS_FINDIMG_DEVICE_MOUNTED_H

#include <limits.h>
#include <stdbool.h>

#include "applets/findimg/device/blockdev.h"

struct mounted {
	char place[PATH_MAX]; /* a mount point that shows the whole file system */
	bool writable;	      /* the file system, not only this mount of it */
};

/*
 * Reads /proc/self/mountinfo text (proc_pid_mountinfo(5)) from list. True: dev is mounted and *ret
 * filled in; ret->place is "" when only a part of it is mounted (a bind mount or subvolume).
 */
bool mounted_find(const char *list, const struct blockdev *dev, struct mounted *ret);

#endif
