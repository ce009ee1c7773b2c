// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/suspend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/findimg/filesystem/pathfind.h"
#include "common/bytes.h"

/* ext2/3/4 superblock at byte 1024 (Documentation/filesystems/ext4/super.rst) */
#define EXT_SUPERBLOCK	     1024
#define EXT_STATE	     (EXT_SUPERBLOCK + 0x3a)
#define EXT_STATE_CLEAN	     1
#define EXT_FEATURE_INCOMPAT (EXT_SUPERBLOCK + 0x60)
#define EXT_INCOMPAT_RECOVER 4
/* FAT boot sector, the byte that Windows and Linux use as volume flags
 * (include/uapi/linux/msdos_fs.h) */
#define FAT16_LENGTH	22
#define FAT16_STATE	37
#define FAT32_STATE	65
#define FAT_STATE_DIRTY 1
/* exFAT specification, 3.1.13 VolumeFlags */
#define EXFAT_FLAGS 106
#define EXFAT_DIRTY 2

/* btrfs superblock at 64 KiB, field log_root (fs/btrfs, struct btrfs_super_block) */
#define BTRFS_LOG_ROOT (65536 + 0x60)

enum windows_state windows_state_of(const uint8_t *head, size_t length)
{
	if (length == 0)
		return WINDOWS_NONE;
	if (length < 4)
		return WINDOWS_HIBERNATED;
	if (memcmp(head, "hibr", 4) == 0 || memcmp(head, "HIBR", 4) == 0 ||
	    memcmp(head, "RSTR", 4) == 0)
		return WINDOWS_HIBERNATED;
	if (memcmp(head, "wake", 4) == 0 || memcmp(head, "WAKE", 4) == 0)
		return WINDOWS_RESUMED;
	return WINDOWS_NONE;
}

enum windows_state windows_state_read(const char *root)
{
	_cleanup_close_ int place = path_open_below(root, "hiberfil.sys"), fd = -1;
	_cleanup_close_ int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint8_t head[16];
	ssize_t n;

	if (place < 0)
		return place == -ENOENT ? WINDOWS_NONE : WINDOWS_HIBERNATED;
	fd = openat(dir, "hiberfil.sys", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	return n < 0 ? WINDOWS_HIBERNATED : windows_state_of(head, (size_t)n);
}

static enum fs_state flagged(bool dirty)
{
	return dirty ? FS_DIRTY : FS_CLEAN;
}

enum fs_state fs_state_of(const uint8_t *head, size_t length, const char *type)
{
	static const char *const read_only[] = { "iso9660", "squashfs", "erofs" };

	for (size_t i = 0; i < ARRAY_SIZE(read_only); i++)
		if (strcmp(type, read_only[i]) == 0)
			return FS_CLEAN;
	if (length < 2048)
		return FS_UNKNOWN;
	if (strncmp(type, "ext", 3) == 0 && type[4] == '\0')
		return flagged(!(get_le16(head + EXT_STATE) & EXT_STATE_CLEAN) ||
			       (get_le32(head + EXT_FEATURE_INCOMPAT) & EXT_INCOMPAT_RECOVER));
	if (strcmp(type, "vfat") == 0)
		return flagged(head[get_le16(head + FAT16_LENGTH) ? FAT16_STATE : FAT32_STATE] &
			       FAT_STATE_DIRTY);
	if (strcmp(type, "exfat") == 0)
		return flagged(get_le16(head + EXFAT_FLAGS) & EXFAT_DIRTY);
	/* no log to replay is the usual state of a mounted one too */
	if (strcmp(type, "btrfs") == 0 && length >= BTRFS_LOG_ROOT + 8 &&
	    get_le64(head + BTRFS_LOG_ROOT))
		return FS_DIRTY;
	return FS_UNKNOWN;
}

enum fs_state fs_state_read(const char *device, const char *type)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ uint8_t *head = malloc(FS_STATE_SIZE);
	ssize_t n = fd < 0 || !head ? -1 : pread(fd, head, FS_STATE_SIZE, 0);

	return n < 0 ? FS_UNKNOWN : fs_state_of(head, (size_t)n, type);
}
