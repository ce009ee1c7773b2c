// SPDX-License-Identifier: GPL-2.0-or-later
/* File systems that hold a root, in a file. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/lib/fsprobe.h"
#include "builder/identify/internal.h"
#include "common/bytes.h"

#define SUPER_SIZE 2048u /* of the file's start, in which the superblocks below lie */

struct filesystem {
	const char *type; /* libblkid's name */
	const char *kind; /* ours, where it differs */
	enum root_mode mode;
	unsigned int modes;
	/* Bytes that the file system has by its superblock, to tell a truncated file; or NULL. */
	uint64_t (*length)(const uint8_t *super);
};

/* Source: Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h */
static uint64_t squashfs_length(const uint8_t *super)
{
	return get_le64(super + 40);
}

static const char *squashfs_compression(const uint8_t *super)
{
	static const char *const names[] = { NULL, "gzip", "lzma", "lzo", "xz", "lz4", "zstd" };
	uint16_t id = get_le16(super + 20);

	return id < ARRAY_SIZE(names) ? names[id] : NULL;
}

/* Source: fs/erofs/erofs_fs.h: blkszbits at 12, blocks at 36 */
static uint64_t erofs_length(const uint8_t *super)
{
	return super[1024 + 12] > 16 ? 0
				     : (uint64_t)get_le32(super + 1024 + 36) << super[1024 + 12];
}

#define EXT_FEATURE_64BIT 0x80u

/* Source: Documentation/filesystems/ext4/super.rst */
static uint64_t ext_length(const uint8_t *super)
{
	uint64_t blocks = get_le32(super + 1024 + 4);
	uint32_t shift = get_le32(super + 1024 + 0x18);

	if (get_le32(super + 1024 + 0x60) & EXT_FEATURE_64BIT)
		blocks |= (uint64_t)get_le32(super + 1024 + 0x150) << 32;
	return shift > 6 || blocks >> 40 ? 0 : blocks << (10 + shift);
}

#define BOTH (ROOT_OVERLAY | ROOT_LOOP)

static const struct filesystem filesystems[] = {
	{ "squashfs", NULL, ROOT_OVERLAY, BOTH, squashfs_length },
	{ "erofs", NULL, ROOT_OVERLAY, BOTH, erofs_length },
	{ "cramfs", NULL, ROOT_OVERLAY, BOTH, NULL },
	{ "romfs", NULL, ROOT_OVERLAY, BOTH, NULL },
	{ "ext2", NULL, ROOT_LOOP, BOTH, ext_length },
	{ "ext3", NULL, ROOT_LOOP, BOTH, ext_length },
	{ "ext4", NULL, ROOT_LOOP, BOTH, ext_length },
	{ "xfs", NULL, ROOT_LOOP, BOTH, NULL },
	{ "btrfs", NULL, ROOT_LOOP, BOTH, NULL },
	{ "f2fs", NULL, ROOT_LOOP, BOTH, NULL },
	{ "jfs", NULL, ROOT_LOOP, BOTH, NULL },
	{ "nilfs2", NULL, ROOT_LOOP, BOTH, NULL },
	{ "reiserfs", NULL, ROOT_LOOP, BOTH, NULL },
	{ "bcachefs", NULL, ROOT_LOOP, BOTH, NULL },
	{ "crypto_LUKS", "luks", ROOT_LOOP, ROOT_LOOP, NULL },
	{ "LVM2_member", "lvm", ROOT_LOOP, ROOT_LOOP, NULL },
};

static const struct filesystem *filesystem_find(const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
		if (!strcmp(filesystems[i].type, type))
			return filesystems + i;
	return NULL;
}

static int read_super(const char *path, struct source *source, const struct filesystem *fs,
		      struct root_facts *facts, struct error **err)
{
	uint8_t super[SUPER_SIZE] = { 0 };
	uint64_t length;
	int r = source_pread(source, super, MIN(source->size, (uint64_t)sizeof(super)), 0, err);

	if (r < 0)
		return r;
	length = fs->length ? fs->length(super) : 0;
	if (length > source->size)
		return error_make(err, EINVAL,
				  "'%s' is a truncated %s image: it should have %" PRIu64
				  " bytes and has %" PRIu64 ": copy or make it again",
				  path, fs->type, length, source->size);
	if (fs->length == squashfs_length)
		facts->compression = squashfs_compression(super);
	return 0;
}

static int refuse_filesystem(const char *path, const char *type, struct error **err)
{
	bool disc = !strcmp(type, "iso9660") || !strcmp(type, "udf");

	return error_make(err, EINVAL, "'%s' is %s %s%s, which cannot be a root: %s", path,
			  strchr("aeiou", *type) ? "an" : "a", type,
			  disc ? " disc image" : " file system or volume",
			  disc ? "take the compressed image in it (often live/*.squashfs)"
			       : ROOT_EXPECTED);
}

int identify_filesystem(const char *path, struct source *source, struct root_facts *facts,
			struct error **err)
{
	_cleanup_error_ struct error *problem = NULL;
	const struct filesystem *fs;
	struct fs_info info;
	int r = fs_probe(path, 0, &info, &problem);

	if (r == -ENOENT)
		return identify_raw_disk(path, source, facts, err);
	if (r < 0)
		return error_move(err, steal_ptr(&problem));
	fs = filesystem_find(info.type);
	if (!fs)
		return refuse_filesystem(path, info.type, err);
	r = read_super(path, source, fs, facts, err);
	if (r < 0)
		return r;
	facts->kind = fs->kind ? fs->kind : fs->type;
	facts->format = fs->mode == ROOT_LOOP ? "raw" : NULL;
	facts->mode = fs->mode;
	facts->modes = fs->modes;
	facts->virtual_size = source->size;
	memcpy(facts->label, info.label, sizeof(facts->label));
	memcpy(facts->uuid, info.uuid, sizeof(facts->uuid));
	return 1;
}
