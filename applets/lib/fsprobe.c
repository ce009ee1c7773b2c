// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/fsprobe.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void probe_freep(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

/* Returns false when the probe does not have the value. */
static bool copy_value(blkid_probe probe, const char *name, char *to, size_t size)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL) != 0)
		return false;
	strncpy(to, value, size - 1);
	to[size - 1] = '\0';
	return true;
}

static void fsprobe_set_up(blkid_probe probe, uint64_t offset)
{
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID |
							 BLKID_SUBLKS_LABEL | BLKID_SUBLKS_USAGE |
							 BLKID_SUBLKS_BADCSUM);
	if (offset == 0) {
		blkid_probe_enable_partitions(probe, 1);
		blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS);
	}
}

/*
 * The magic number that bcachefs has since Linux 6.7 is not known to libblkid before 2.39. Offsets:
 * struct bch_sb, fs/bcachefs/bcachefs_format.h.
 */
static void probe_bcachefs(int fd, uint64_t offset, struct fs_info *info)
{
	static const uint8_t magic[] = { 0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9,
					 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef };
	enum { SUPER = 4096, MAGIC = 24, UUID = 56, LABEL = 72, DEVICES = 123, SIZE = 128 };
	uint8_t super[SIZE];
	const uint8_t *u = super + UUID;

	if (pread(fd, super, sizeof(super), (off_t)offset + SUPER) != (ssize_t)sizeof(super))
		return;
	if (!*info->type && memcmp(super + MAGIC, magic, sizeof(magic)) == 0) {
		strcpy(info->type, "bcachefs");
		snprintf(info->uuid, sizeof(info->uuid),
			 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
			 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11],
			 u[12], u[13], u[14], u[15]);
		snprintf(info->label, sizeof(info->label), "%.32s", (const char *)super + LABEL);
	}
	if (strcmp(info->type, "bcachefs") == 0)
		info->devices = super[DEVICES];
}

static int probe_open_device(blkid_probe probe, const char *path, int fd, uint64_t offset,
			     struct fs_info *info, struct error **err)
{
	int r;

	errno = 0;
	if (blkid_probe_set_device(probe, fd, (blkid_loff_t)offset, 0) != 0)
		return error_sys(err, errno ? errno : EIO, "cannot probe '%s'", path);
	fsprobe_set_up(probe, offset);
	errno = 0;
	r = blkid_do_safeprobe(probe);
	copy_value(probe, "PART_ENTRY_UUID", info->part_uuid, sizeof(info->part_uuid));
	copy_value(probe, "PART_ENTRY_NAME", info->part_label, sizeof(info->part_label));
	if (r == -2)
		return error_make(err, ENOTUNIQ, "'%s' carries signatures of several file systems",
				  path);
	if (r < 0)
		return error_sys(err, errno ? errno : EIO, "cannot read '%s'", path);
	copy_value(probe, "TYPE", info->type, sizeof(info->type));
	copy_value(probe, "UUID", info->uuid, sizeof(info->uuid));
	copy_value(probe, "LABEL", info->label, sizeof(info->label));
	probe_bcachefs(fd, offset, info);
	if (!*info->type)
		return error_make(err, ENOENT, "no file system is recognised on '%s'", path);
	return 0;
}

int fs_probe(const char *path, uint64_t offset, struct fs_info *ret, struct error **err)
{
	_cleanup_(probe_freep) blkid_probe probe = blkid_new_probe();
	_cleanup_close_ int fd = -1;
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	if (!probe)
		return error_make(err, ENOMEM, "out of memory while probing '%s'", path);
	/* O_NONBLOCK: an open CD tray is ENOMEDIUM at once, nobody pulls it in. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot stat '%s'", path);
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return error_make(err, ENOTBLK, "'%s' is neither a block device nor a file", path);
	return probe_open_device(probe, path, fd, offset, ret, err);
}
