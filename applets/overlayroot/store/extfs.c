// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/extfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

#include "applets/overlayroot/store/tool.h"
#include "common/bytes.h"
#include "common/msg.h"

/* Documentation/filesystems/ext4/super.rst: offsets within the superblock, which is at byte 1024.
 */
#define SB_OFFSET	 1024
#define SB_SIZE		 1024
#define SB_BLOCKS	 0x4
#define SB_FREE		 0xc
#define SB_FREE_HIGH	 0x158
#define SB_LOG_BLOCK	 0x18
#define SB_MAGIC	 0x38
#define SB_STATE	 0x3a
#define SB_INCOMPAT	 0x60
#define SB_BLOCKS_HIGH	 0x150
#define EXT_MAGIC	 0xef53
#define STATE_VALID	 0x1
#define STATE_ERRORS	 0x2
#define INCOMPAT_64BIT	 0x80
#define INCOMPAT_RECOVER 0x4

/* fs/ext4/ext4.h; not in the exported headers before Linux 6.x */
#define IOC_RESIZE_FS _IOW('f', 16, uint64_t)

bool extfs_type(const char *type)
{
	return strcmp(type, "ext4") == 0 || strcmp(type, "ext3") == 0 || strcmp(type, "ext2") == 0;
}

/* sb: room for SB_SIZE bytes. */
static int read_superblock(const char *device, uint8_t *sb, struct error **err)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return error_sys(err, errno, "cannot open %s", device);
	n = pread(fd, sb, SB_SIZE, SB_OFFSET);
	if (n < 0)
		return error_sys(err, errno, "cannot read the superblock of %s", device);
	if (n < SB_SIZE || get_le16(sb + SB_MAGIC) != EXT_MAGIC)
		return error_make(err, EINVAL, "%s has no ext superblock", device);
	return 0;
}

/*
 * Whether the file system on device (or in a file) was left without a clean unmount, or with
 * errors. 1, 0 or -errno; -EINVAL when there is no ext superblock.
 */
static int extfs_dirty(const char *device, struct error **err)
{
	uint8_t sb[SB_SIZE];
	int r = read_superblock(device, sb, err);

	if (r < 0)
		return r;
	return (get_le32(sb + SB_INCOMPAT) & INCOMPAT_RECOVER) ||
	       !(get_le16(sb + SB_STATE) & STATE_VALID) || (get_le16(sb + SB_STATE) & STATE_ERRORS);
}

/* A count of blocks in bytes, whose low and high halves are at these offsets; 0 when it makes no
 * sense. */
static uint64_t count_bytes(const uint8_t *sb, size_t low, size_t high)
{
	uint64_t blocks = get_le32(sb + low), size;
	uint32_t log = get_le32(sb + SB_LOG_BLOCK);

	if (get_le32(sb + SB_INCOMPAT) & INCOMPAT_64BIT)
		blocks |= (uint64_t)get_le32(sb + high) << 32;
	return log <= 6 && mul_u64(blocks, KIB << log, &size) ? size : 0;
}

uint64_t extfs_size(const char *device)
{
	uint8_t sb[SB_SIZE];

	if (read_superblock(device, sb, NULL) < 0)
		return 0;
	return count_bytes(sb, SB_BLOCKS, SB_BLOCKS_HIGH);
}

uint64_t extfs_free(const char *device)
{
	uint8_t sb[SB_SIZE];

	if (read_superblock(device, sb, NULL) < 0)
		return UINT64_MAX;
	return count_bytes(sb, SB_FREE, SB_FREE_HIGH);
}

/* Exit status of e2fsck(8): bits 1 corrected, 2 corrected and reboot, 4 left uncorrected, 8..
 * failed. */
int extfs_check(const char *device, struct error **err)
{
	const char *argv[] = { "e2fsck", "-p", device, NULL };
	int r = extfs_dirty(device, err);

	if (r <= 0)
		return r;
	msg(MSG_INFO, "%s was not unmounted cleanly: checking it", device);
	r = tool_run(argv, err);
	if (r == -ENOENT) {
		msg(MSG_WARNING, "no e2fsck here: %s is left to its journal", device);
		return 0;
	}
	if (r < 0)
		return r;
	if (r >= 4)
		return error_make(
			err, EUCLEAN,
			"e2fsck could not repair %s by itself (status %d): run 'e2fsck %s'", device,
			r, device);
	return 0;
}

int extfs_make(const char *path, bool zeroed, struct error **err)
{
	/* prezeroed: nothing of the tables has to be written, now or by the kernel in the
	 * background */
	const char *options = zeroed ? "nodiscard,assume_storage_prezeroed=1"
				     : "lazy_itable_init=0,lazy_journal_init=0";
	const char *argv[] = { "mke2fs", "-q", "-F", "-t",    "ext4", "-L", "vi-store",
			       "-m",	 "0",  "-E", options, path,   NULL };
	int r = tool_run(argv, err);

	if (r == -ENOENT)
		return error_make(
			err, ENOENT,
			"no mke2fs here to format '%s': add its binary to the profile, or "
			"format it beforehand with mkfs.ext4",
			path);
	if (r < 0)
		return r;
	return r == 0 ? 0 : error_make(err, EIO, "mke2fs %s ended with status %d", path, r);
}

int extfs_grow_at(int dir, uint64_t size, struct error **err)
{
	struct statvfs fs;
	uint64_t blocks;

	if (fstatvfs(dir, &fs) < 0)
		return error_sys(err, errno, "cannot look at the store");
	blocks = size / fs.f_bsize;
	if (ioctl(dir, IOC_RESIZE_FS, &blocks) < 0)
		return error_sys(err, errno, "cannot grow the file system of the store to %llu MiB",
				 (unsigned long long)(size / MIB));
	return 0;
}

int extfs_grow(const char *mountpoint, uint64_t size, struct error **err)
{
	_cleanup_close_ int fd = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, errno, "cannot open %s", mountpoint)
		      : extfs_grow_at(fd, size, err);
}
