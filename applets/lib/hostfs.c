// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/hostfs.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define NTFS3_MAGIC	0x7366746e
#define NTFS_MAGIC	0x5346544e /* the drivers called ntfs; ntfs-3g is FUSE */
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

/* Those of Windows (fs/ntfs3/xattr.c, fs/ntfs/ea.c), when the kernel's own driver tells; else 0. */
static uint32_t ntfs_attributes(int fd, uint32_t *ret_type)
{
	uint32_t attributes = 0;
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return 0;
	*ret_type = (uint32_t)fs.f_type;
	if ((*ret_type != NTFS3_MAGIC && *ret_type != NTFS_MAGIC) ||
	    fgetxattr(fd, "system.ntfs_attrib", &attributes, sizeof(attributes)) !=
		    sizeof(attributes))
		return 0;
	return attributes;
}

const char *hostfs_loses_data(int fd)
{
	uint32_t type = 0, attributes = ntfs_attributes(fd, &type);

	if (type == NTFS3_MAGIC && (attributes & (NTFS_SPARSE | NTFS_COMPRESSED)))
		return "sparse or compressed file on NTFS, of which the kernel's ntfs3 loses parts "
		       "when it writes";
	if (attributes & NTFS_COMPRESSED)
		return "compressed file on NTFS, which the kernel's driver ntfs damages when it "
		       "writes";
	return NULL;
}

bool hostfs_fails_direct_io(int fd)
{
	uint32_t type = 0, attributes = ntfs_attributes(fd, &type);

	return type == NTFS_MAGIC && (attributes & NTFS_COMPRESSED);
}
