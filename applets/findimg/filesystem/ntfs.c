// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/ntfs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/macro.h"

#define BOOT_SIZE	   512
#define BOOT_SECTOR_SIZE   11
#define BOOT_CLUSTER	   13 /* in sectors; above 128: 2^-n */
#define BOOT_MFT	   48 /* its first cluster */
#define BOOT_RECORD_SIZE   64 /* in clusters; negative: 2^-n bytes */
#define RECORD_VOLUME	   3
#define RECORD_ATTRIBUTES  20
#define RECORD_MIN	   512
#define ATTRIBUTE_LENGTH   4
#define ATTRIBUTE_VALUE	   20
#define VOLUME_INFORMATION 0x70
#define VOLUME_FLAGS	   10 /* in the attribute's value */

static uint64_t cluster_size(const uint8_t *boot)
{
	uint32_t sector = get_le16(boot + BOOT_SECTOR_SIZE);
	uint8_t n = boot[BOOT_CLUSTER];

	if (n > 128)
		return 256 - n < 16 ? (uint64_t)sector << (256 - n) : 0;
	return (uint64_t)sector * n;
}

uint64_t ntfs_volume_record(const uint8_t *boot, size_t *ret_size)
{
	uint64_t cluster = cluster_size(boot), mft = get_le64(boot + BOOT_MFT);
	unsigned int byte = boot[BOOT_RECORD_SIZE];
	int n = byte < 128 ? (int)byte : (int)byte - 256;
	uint64_t size = n > 0 ? cluster * (uint64_t)n : n > -16 ? 1u << -n : 0;

	if (memcmp(boot + 3, "NTFS    ", 8) != 0 || !cluster || mft > INT64_MAX / cluster - 16)
		return 0;
	if (size < RECORD_MIN || size > NTFS_RECORD_MAX)
		return 0;
	*ret_size = (size_t)size;
	return mft * cluster + RECORD_VOLUME * size;
}

uint16_t ntfs_volume_flags(const uint8_t *record, size_t size)
{
	size_t at = get_le16(record + RECORD_ATTRIBUTES);

	if (memcmp(record, "FILE", 4) != 0)
		return 0;
	while (at + 24 <= size) {
		size_t length = get_le32(record + at + ATTRIBUTE_LENGTH);
		size_t value = at + get_le16(record + at + ATTRIBUTE_VALUE);

		if (length < 24 || length > size - at)
			return 0;
		if (get_le32(record + at) == VOLUME_INFORMATION)
			return value + VOLUME_FLAGS + 2 <= size
				       ? get_le16(record + value + VOLUME_FLAGS)
				       : 0;
		at += length;
	}
	return 0;
}

bool ntfs_is_dirty(const char *device)
{
	uint8_t boot[BOOT_SIZE], record[NTFS_RECORD_MAX];
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	uint64_t at;
	size_t size;

	if (fd < 0 || pread(fd, boot, sizeof(boot), 0) != (ssize_t)sizeof(boot))
		return false;
	at = ntfs_volume_record(boot, &size);
	if (!at || pread(fd, record, size, (off_t)at) != (ssize_t)size)
		return false;
	return ntfs_volume_flags(record, size) & NTFS_VOLUME_DIRTY;
}
