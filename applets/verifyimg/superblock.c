// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/verifyimg/superblock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/bytes.h"

/* Offsets of struct verity_sb's fields. */
enum {
	AT_VERSION = 8,
	AT_HASH_TYPE = 12,
	AT_UUID = 16,
	AT_ALGORITHM = 32,
	AT_DATA_BLOCK_SIZE = 64,
	AT_HASH_BLOCK_SIZE = 68,
	AT_DATA_BLOCKS = 72,
	AT_SALT_SIZE = 80,
	AT_SALT = 88,
};

static bool is_block_size(uint32_t size)
{
	return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

/* It becomes a word of the kernel's table. */
static bool is_algorithm(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(name);
}

int verity_super_parse(const uint8_t data[VERITY_SUPER_SIZE], struct verity_super *ret,
		       struct error **err)
{
	if (memcmp(data, "verity\0", 8) != 0)
		return error_make(err, ENODATA, "no header of a dm-verity hash tree");
	ret->hash_type = get_le32(data + AT_HASH_TYPE);
	ret->data_block_size = get_le32(data + AT_DATA_BLOCK_SIZE);
	ret->hash_block_size = get_le32(data + AT_HASH_BLOCK_SIZE);
	ret->data_blocks = get_le64(data + AT_DATA_BLOCKS);
	ret->salt_size = get_le16(data + AT_SALT_SIZE);
	memcpy(ret->uuid, data + AT_UUID, VERITY_UUID_SIZE);
	memcpy(ret->algorithm, data + AT_ALGORITHM, sizeof(ret->algorithm) - 1);
	ret->algorithm[sizeof(ret->algorithm) - 1] = '\0';
	if (get_le32(data + AT_VERSION) != 1 || ret->hash_type > 1)
		return error_make(err, EINVAL,
				  "a dm-verity hash tree of version %u and type %u: expected "
				  "version 1 and type 0 or 1",
				  get_le32(data + AT_VERSION), ret->hash_type);
	if (!is_block_size(ret->data_block_size) || !is_block_size(ret->hash_block_size) ||
	    ret->salt_size > VERITY_SALT_MAX || !is_algorithm(ret->algorithm) ||
	    !ret->data_blocks || ret->data_blocks > INT64_MAX / ret->data_block_size)
		return error_make(err, EINVAL,
				  "the header of the dm-verity hash tree is damaged: make it again "
				  "with mkvinitrd pack --verity or veritysetup format");
	memcpy(ret->salt, data + AT_SALT, ret->salt_size);
	return 0;
}

uint64_t verity_tree_start(const struct verity_super *super, uint64_t offset)
{
	return (offset + VERITY_SUPER_SIZE + super->hash_block_size - 1) / super->hash_block_size;
}

/* A block has a power of two of them; type 1 pads each digest to one (dm-verity-target.c). */
static uint64_t digests_per_block(const struct verity_super *super, size_t digest_size)
{
	uint64_t n = 1;

	while (n * 2 * digest_size <= super->hash_block_size)
		n *= 2;
	return n;
}

uint64_t verity_tree_blocks(const struct verity_super *super, size_t digest_size)
{
	uint64_t per_block = digests_per_block(super, digest_size), level = super->data_blocks;
	uint64_t sum = 0;

	/* each level is at most half of the one below */
	while (level > 1 && per_block > 1) {
		level = (level + per_block - 1) / per_block;
		sum += level;
	}
	return sum;
}
