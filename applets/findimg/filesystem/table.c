// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/table.h"

#include <stddef.h>
#include <string.h>

#include "common/macro.h"

/*
 * Mount options: Documentation/filesystems/ext4 (noload), admin-guide/xfs.rst (norecovery, nouuid:
 * a copy of a file system that is mounted can be looked at too), btrfs(5) (rescue=nologreplay,
 * Linux 5.9), f2fs.rst (norecovery), nilfs2.rst (norecovery).
 */
static const struct fs_type types[] = {
	{ "ext4", { "ext4" }, "noload", true },
	{ "ext3", { "ext4", "ext3" }, "noload", true },
	{ "ext2", { "ext4", "ext2" }, NULL, true },
	{ "xfs", { "xfs" }, "norecovery,nouuid", true },
	{ "btrfs", { "btrfs" }, "rescue=nologreplay", true },
	{ "vfat", { "vfat" }, NULL, true },
	{ "exfat", { "exfat" }, NULL, true },
	{ "iso9660", { "iso9660" }, NULL, true },
	{ "udf", { "udf" }, NULL, false },
	{ "squashfs", { "squashfs" }, NULL, true },
	{ "erofs", { "erofs" }, NULL, true },
	{ "ntfs", { "ntfs3", "ntfs" }, NULL, false },
	{ "f2fs", { "f2fs" }, "norecovery", false },
	{ "nilfs2", { "nilfs2" }, "norecovery", false },
	{ "bcachefs", { "bcachefs" }, "nochanges", false },
	{ "jfs", { "jfs" }, NULL, false },
	{ "reiserfs", { "reiserfs" }, "nolog", false },
	{ "hfsplus", { "hfsplus" }, NULL, false },
	{ "hfs", { "hfs" }, NULL, false },
	{ "minix", { "minix" }, NULL, false },
};

static const struct {
	const char *type, *refusal;
} refusals[] = {
	{ "swap", "swap" },
	{ "swsuspend", "swap of a suspended Linux" },
	{ "crypto_LUKS", "encrypted (LUKS)" },
	{ "BitLocker", "encrypted (BitLocker)" },
	{ "cryptsetup", "encrypted" },
	{ "LVM1_member", "LVM physical volume" },
	{ "LVM2_member", "LVM physical volume" },
	{ "DM_snapshot_cow", "device-mapper snapshot store" },
	{ "DM_verity_hash", "dm-verity hash tree" },
	{ "DM_integrity", "dm-integrity store" },
	{ "mpath_member", "multipath member" },
	{ "zfs_member", "ZFS member" },
	{ "bcache", "bcache member" },
	{ "VMFS_volume_member", "VMFS member" },
	{ "drbd", "DRBD member" },
	{ "ceph_bluestore", "Ceph store" },
};

const struct fs_type *fs_type_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return &types[i];
	return NULL;
}

const char *fs_type_refusal(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (strcmp(refusals[i].type, type) == 0)
			return refusals[i].refusal;
	if (strstr(type, "_raid_member"))
		return "RAID member";
	return fs_type_find(type) ? NULL : "a kind that cannot hold the image";
}

/*
 * The driver ntfs of Linux 7 (fs/ntfs/super.c, seen in 7.2). Left alone it writes to the volume of
 * a hibernated Windows, and makes sparse files of images that are trimmed or grow, which Windows
 * does not attach and ntfs3 may not write to. The last option changes nothing beside
 * disable_sparse; but the drivers that had this name before do not know all three, and refuse to
 * mount: ntfs up to Linux 6.8, which cannot write properly, and ntfs3 up to 7.0, read-only under
 * this name.
 */
const char *fs_driver_write_data(const char *driver)
{
	/* the file system in an image may be a copy of the one that the image lies on */
	if (strcmp(driver, "xfs") == 0)
		return "nouuid";
	if (strcmp(driver, "ntfs") == 0)
		return "errors=remount-ro,disable_sparse,preallocated_size=0";
	return NULL;
}
