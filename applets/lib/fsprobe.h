/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on a device or in an image file: superblock and partition-table entry, by libblkid,
 * read-only. */
#ifndef APPLETS_LIB_FSPROBE_H
#define APPLETS_LIB_FSPROBE_H

#include <stdint.h>

#include "common/error.h"

/* Fields that are not known are "". */
struct fs_info {
	char type[32];	 /* libblkid's name: ext4 vfat ntfs crypto_LUKS LVM2_member swap ... */
	char uuid[64];	 /* as libblkid spells it: NTFS 16 upper-case hex digits, FAT XXXX-XXXX */
	char label[256]; /* UTF-8 */
	char part_uuid[64];   /* of the partition-table entry that path is; lower case */
	char part_label[128]; /* of the same entry (GPT) */
	unsigned int devices; /* that a bcachefs is made of; 0: another file system */
};

/*
 * Probes path (block device or regular file) from byte offset on. Opens it read-only and writes
 * nothing. part_uuid and part_label are filled in when path is a partition known to the kernel and
 * offset is 0; they can be set although the function returns -ENOENT.
 *
 * 0; -ENOENT: nothing recognised; -ENOTUNIQ: signatures of several kinds, so it is not safe to name
 * one (RAID members and leftovers of an older mkfs look like that); -ENOMEDIUM: an empty drive;
 * other -errno: cannot open or read.
 */
int fs_probe(const char *path, uint64_t offset, struct fs_info *ret,
	     struct error **err) _must_check_;

#endif
