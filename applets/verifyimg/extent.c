// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/verifyimg/extent.h"

#include <string.h>

#include "common/bytes.h"

/* linux/fs/squashfs/squashfs_fs.h: struct squashfs_super_block */
static uint64_t squashfs_extent(const uint8_t *super)
{
	return memcmp(super, "hsqs", 4) == 0 ? get_le64(super + 40) : 0;
}

/* linux/fs/erofs/erofs_fs.h: struct erofs_super_block */
static uint64_t erofs_extent(const uint8_t *super)
{
	unsigned int bits = super[12];

	if (get_le32(super) != 0xe0f5e1e2 || bits < 9 || bits > 16)
		return 0;
	return (uint64_t)get_le32(super + 36) << bits;
}

/* linux/fs/ext4/ext4.h: struct ext4_super_block */
static uint64_t ext4_extent(const uint8_t *super)
{
	const uint32_t is_64bit = 0x80;
	uint64_t blocks = get_le32(super + 4), bytes;
	uint32_t log = get_le32(super + 24);

	if (get_le16(super + 56) != 0xef53 || log > 6)
		return 0;
	if (get_le32(super + 96) & is_64bit)
		blocks |= (uint64_t)get_le32(super + 336) << 32;
	return mul_u64(blocks, 1024ULL << log, &bytes) ? bytes : 0;
}

uint64_t file_system_extent(const uint8_t head[EXTENT_HEAD])
{
	uint64_t size = squashfs_extent(head);

	if (!size)
		size = erofs_extent(head + 1024);
	return size ? size : ext4_extent(head + 1024);
}
