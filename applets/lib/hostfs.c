// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/hostfs.h"

#include <stdint.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define NTFS3_MAGIC	0x7366746e
#define NTFS_SPARSE	0x200
#define NTFS_COMPRESSED 0x800

bool hostfs_reserves_space(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	switch ((uint32_t)fs.f_type) {
	case 0xef53:	 /* ext2, ext3, ext4 */
	case 0x58465342: /* xfs */
	case 0x9123683e: /* btrfs */
	case 0xf2f52010: /* f2fs */
		return true;
	default:
		return false;
	}
}

bool hostfs_loses_data(int fd)
{
	uint32_t attributes;
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NTFS3_MAGIC &&
	       fgetxattr(fd, "system.ntfs_attrib", &attributes, sizeof(attributes)) ==
		       sizeof(attributes) &&
	       (attributes & (NTFS_SPARSE | NTFS_COMPRESSED));
}
