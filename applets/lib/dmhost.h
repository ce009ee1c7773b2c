/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wrapper: a mapped device that is the whole of a partition, and is mounted in its place. A
 * mounted partition is claimed by its file system; tables of the device-mapper share one claim, so
 * beside the wrapper others may be made of the same partition. Its uuid begins with
 * DM_HOST_PREFIX.
 */
#ifndef APPLETS_LIB_DMHOST_H
#define APPLETS_LIB_DMHOST_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/macro.h"

#define DM_HOST_PREFIX "VDHOST-"

/* Whether the exporter direct knows the file system, by libblkid's name of its type. */
bool dm_host_knows(const char *type) _nonnull_(1);

/*
 * Makes the wrapper of device ("/dev/sda1"). *ret_node ("/dev/dm-0") is the caller's to free. 0 or
 * -errno: -EBUSY when the device is claimed.
 */
int dm_host_wrap(const char *device, char **ret_node, struct error **err) _must_check_
	_nonnull_(1, 2);

/* Takes it away. 0, -EBUSY while it is mounted, -ENODEV: not a wrapper, -errno. */
int dm_host_unwrap(const char *node, struct error **err) _must_check_ _nonnull_(1);

#endif
