/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A btrfs over several devices: which of them a device is, and what the kernel knows of them. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_BTRFS_H
#define APPLETS_FINDIMG_FILESYSTEM_BTRFS_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct btrfs_part {
	uint64_t id;	  /* of this device, from 1 */
	uint64_t devices; /* of the file system */
};

#define BTRFS_PART_SIZE 4096 /* of a superblock */

/* What the superblock of device says (struct btrfs_super_block, fs/btrfs/ctree.h: num_devices,
 * dev_item.devid). 0, or -errno. */
int btrfs_part_read(const char *device, struct btrfs_part *ret);

/* The same for the bytes of a superblock. 0; -EINVAL: it is none. */
int btrfs_part_of(const uint8_t *super, size_t size, struct btrfs_part *ret);

/* Tells the kernel, whose module is asked for, that device is a part of a btrfs
 * (BTRFS_IOC_SCAN_DEV). 0 or -errno. */
int btrfs_scan(const char *device, struct error **err) _must_check_;

/* Does the kernel know all devices of the file system that device is a part of
 * (BTRFS_IOC_DEVICES_READY)? 1, 0, or -errno. */
int btrfs_is_ready(const char *device);

/* The kernel remembers each btrfs that was mounted or scanned; a look must not leave it in the way
 * of a copy of it. */
void btrfs_forget(const char *device);

#endif
