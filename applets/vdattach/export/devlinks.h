/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stable names for what is attached: DIR/EntireDisk and DIR/PartitionN, as vdfuse has them. */
#ifndef APPLETS_VDATTACH_EXPORT_DEVLINKS_H
#define APPLETS_VDATTACH_EXPORT_DEVLINKS_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

#define DEVLINKS_DIR "/dev/vdhost"

/*
 * True when dir has links to a loop device, or its partition, that is still
 * attached. Links to devices that are gone do not count.
 */
bool devlinks_in_use(const char *dir) _nonnull_(1);

/*
 * Makes dir/EntireDisk (number 0) or dir/Partition<number> point to device,
 * replacing what is there in one step. Makes dir. 0 or -errno.
 */
int devlinks_set(const char *dir, unsigned int number, const char *device,
		 struct error **err) _must_check_ _nonnull_(1, 3);

/* Removes the links to disk ("/dev/loop0") and to its partitions, and dir when it is empty. */
void devlinks_remove(const char *dir, const char *disk) _nonnull_(1, 2);

/* Removes links to devices that are no longer attached. */
void devlinks_remove_stale(const char *dir) _nonnull_(1);

#endif
