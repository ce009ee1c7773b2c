/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an NTFS volume says of itself, read without a driver. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_NTFS_H
#define APPLETS_FINDIMG_FILESYSTEM_NTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is the volume on device marked dirty: was it in use when the machine stopped, or does Windows
 * want to check it? VOLUME_IS_DIRTY in $VOLUME_INFORMATION of $Volume, the fourth record of the
 * $MFT (layout.h of ntfs-3g). False also when that cannot be read.
 */
bool ntfs_is_dirty(const char *device);

/*
 * Where that record lies, from the boot sector (512 bytes): its size in *ret_size. 0 when the
 * sector makes no sense.
 */
uint64_t ntfs_volume_record(const uint8_t *boot, size_t *ret_size);

/* The volume's flags in that record; 0 when it is damaged. */
uint16_t ntfs_volume_flags(const uint8_t *record, size_t size);

#define NTFS_RECORD_MAX	  4096
#define NTFS_VOLUME_DIRTY 0x0001

#endif
