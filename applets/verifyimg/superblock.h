/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of a hash tree of dm-verity, as veritysetup(8) writes it (cryptsetup,
 * lib/verity/verity.c: struct verity_sb), little-endian. Nothing in it is proven by itself: a
 * header that was changed leads to a tree that does not have the root hash.
 */
#ifndef APPLETS_VERIFYIMG_SUPERBLOCK_H
#define APPLETS_VERIFYIMG_SUPERBLOCK_H

#include "common/error.h"
#include "common/macro.h"

#define VERITY_SUPER_SIZE 512u
#define VERITY_SALT_MAX	  256u
#define VERITY_UUID_SIZE  16u

struct verity_super {
	uint32_t hash_type; /* 0: Chromium OS, 1: the usual one */
	uint32_t data_block_size, hash_block_size;
	uint64_t data_blocks;
	char algorithm[33]; /* a name of the kernel's */
	uint16_t salt_size;
	uint8_t salt[VERITY_SALT_MAX];
	uint8_t uuid[VERITY_UUID_SIZE];
};

/*
 * Reads a header. 0; -ENODATA: there is none; -EINVAL: one that this program or the kernel cannot
 * use.
 */
int verity_super_parse(const uint8_t data[VERITY_SUPER_SIZE], struct verity_super *ret,
		       struct error **err) _must_check_ _nonnull_(1, 2);

/* The first block of the tree, in hash blocks from the beginning of the device; offset: of the
 * header, in bytes. It is the root of the tree, unless there is only one data block. */
uint64_t verity_tree_start(const struct verity_super *super, uint64_t offset) _nonnull_(1);

/* Blocks of the whole tree. digest_size: bytes of the hash, 1 at least. */
uint64_t verity_tree_blocks(const struct verity_super *super, size_t digest_size) _nonnull_(1);

#endif
