/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard: the wrapper of a host (lib/dmhost.h) has no access to the blocks that disks of ours
 * have straight from the device below it. Whatever becomes of the files: the file system cannot
 * write there, and nobody gets old bytes of them into the page cache.
 */
#ifndef APPLETS_VDATTACH_DM_GUARD_H
#define APPLETS_VDATTACH_DM_GUARD_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

/*
 * Makes the wrapper of device ("sda1") fit the disks that there are on it now. Without a wrapper it
 * does nothing, or fails with -ENODEV where one is required. Only one process at a time does this;
 * others wait up to 5 s. 0 or -errno; the wrapper works with the old table or the new one.
 */
int dm_guard_refresh(const char *device, bool required, struct error **err) _must_check_
	_nonnull_(1);

/* dm_disk_remove(), and what was the disk's is the file system's again. */
int dm_guard_remove(const char *disk, struct error **err) _must_check_ _nonnull_(1);

#endif
