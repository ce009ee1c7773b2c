/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the bytes of a file lie on the device of its file system, and whether the kernel may read
 * and write them there without the file system. Pure: knows no file and no device.
 */
#ifndef APPLETS_VDATTACH_DM_EXTENTS_H
#define APPLETS_VDATTACH_DM_EXTENTS_H

#include "applets/vdattach/dm/map.h"

/* As FIEMAP has them (Documentation/filesystems/fiemap.rst): in bytes. */
struct file_extent {
	uint64_t logical, physical, length;
	uint32_t flags; /* FIEMAP_EXTENT_* */
};

struct file_extents {
	struct file_extent *items; /* owned */
	size_t n, room;
};

/* Appends one. 0 or -ENOMEM. */
int extents_add(struct file_extents *extents, const struct file_extent *extent) _must_check_
	_nonnull_(1, 2);

/* All zero afterwards. */
void extents_release(struct file_extents *extents) _nonnull_(1);

/* What is to be mapped, and on what. */
struct extents_run {
	uint64_t offset, length; /* of the file */
	uint64_t device_size;	 /* bytes */
	uint32_t sector_size;	 /* of the device: all has to be a multiple of it */
};

/*
 * The segments that run consists of: from its beginning on, without gaps, host_offset on the
 * device, joined where they touch. ret: room for max. 0, or -EOPNOTSUPP, with the reason, unless
 * every byte is proven to lie plainly and alone on the device.
 */
int extents_resolve(const struct file_extents *extents, const struct extents_run *run,
		    struct dm_segment *ret, size_t max, size_t *ret_n,
		    struct error **err) _must_check_ _nonnull_(1, 2, 3, 5);

#endif
