/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ext2, ext3 or ext4 file system needs before it is written to, and after it got more room.
 */
#ifndef APPLETS_OVERLAYROOT_STORE_EXTFS_H
#define APPLETS_OVERLAYROOT_STORE_EXTFS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

/* Whether libblkid's name is one of the three. */
bool extfs_type(const char *type);

/*
 * e2fsck -p when it is dirty. 0 when it may be mounted; what was done or could not be done is said
 * in a message. -EUCLEAN when e2fsck could not repair it by itself.
 */
int extfs_check(const char *device, struct error **err) _must_check_;

/* Bytes that the file system says it has, 0 when there is no ext superblock. */
uint64_t extfs_size(const char *device);

/* Bytes that are free as of its last clean unmount; UINT64_MAX when there is no ext superblock. */
uint64_t extfs_free(const char *device);

/* Makes an ext4 in the file or on the device. zeroed: all of it reads as zeros already. 0 or
 * -errno. */
int extfs_make(const char *path, bool zeroed, struct error **err) _must_check_;

/* Lets the mounted ext4 at mountpoint use size bytes of its device (EXT4_IOC_RESIZE_FS). 0 or
 * -errno. */
int extfs_grow(const char *mountpoint, uint64_t size, struct error **err) _must_check_;

/* The same, by an open directory of it. */
int extfs_grow_at(int dir, uint64_t size, struct error **err) _must_check_;

#endif
