/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file below a disk that lies straight on the host's device: what its file system has to be,
 * where the file is, and that the kernel has nothing of it in memory.
 */
#ifndef APPLETS_VDATTACH_DM_HOSTFILE_H
#define APPLETS_VDATTACH_DM_HOSTFILE_H

#include "applets/vdattach/dm/extents.h"

#define HOSTFILE_NAME_MAX 64u

/*
 * The device ("sda1") that carries the file system of fd: its wrapper (lib/dmhost.h) is what is
 * mounted. *ret_sector_size: its logical one, *ret_size: bytes. 0, or -EOPNOTSUPP with the reason.
 */
int hostfile_device(int fd, char *ret, dev_t *ret_number, uint32_t *ret_sector_size,
		    uint64_t *ret_size, struct error **err) _must_check_ _nonnull_(2, 3, 4, 5);

/*
 * Whether file system and file are of a kind of which blocks stay where they are and hold the
 * file's bytes as they are. 0, or -EOPNOTSUPP with the reason.
 */
int hostfile_check(int fd, struct error **err) _must_check_;

/*
 * The extents of the first length bytes of the file, which is written out first: by FIEMAP, on FAT
 * and exFAT by FIBMAP (ioctl_fibmap in Linux's fs/ioctl.c: by blocks of FIGETBSZ). 0 or -errno.
 */
int hostfile_extents(int fd, uint64_t length, struct file_extents *ret,
		     struct error **err) _must_check_ _nonnull_(3);

/*
 * Drops what the page cache has of the first length bytes of the file. 0, or -EBUSY: something
 * stays.
 */
int hostfile_uncache(int fd, uint64_t length, struct error **err) _must_check_;

#endif
