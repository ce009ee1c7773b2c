// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <lz4.h>
#include <lz4hc.h>
#include <stdbool.h>
#include <string.h>

#include "builder/write/compress-internal.h"
#include "common/bytes.h"

/* Legacy frame: magic, then blocks of 8 MiB (the last may be shorter), each with its compressed
 * size. lib/decompress_unlz4.c */
#define LEGACY_MAGIC 0x184C2102
#define BLOCK_SIZE   (8 * MIB)
#define LEVEL_HC_MIN 3 /* as in lz4(1) */

struct lz4_sink {
	struct sink sink;
	struct sink *below;
	int level;
	bool started;
	size_t filled;
	char *block; /* BLOCK_SIZE bytes */
	char *out;   /* 4 bytes and a compressed block */
};

static int compress_lz4_start(struct lz4_sink *lz4, struct error **err)
{
	uint8_t magic[4];

	if (lz4->started)
		return 0;
	lz4->started = true;
	put_le32(magic, LEGACY_MAGIC);
	return sink_write(lz4->below, magic, sizeof(magic), err);
}

static int flush_block(struct lz4_sink *lz4, struct error **err)
{
	int bound = LZ4_COMPRESSBOUND(BLOCK_SIZE), from = (int)lz4->filled, len;

	if (!lz4->filled)
		return 0;
	if (lz4->level < LEVEL_HC_MIN)
		len = LZ4_compress_default(lz4->block, lz4->out + 4, from, bound);
	else
		len = LZ4_compress_HC(lz4->block, lz4->out + 4, from, bound, lz4->level);
	if (len <= 0)
		return error_make(err, EIO, "lz4: compression failed");
	put_le32((uint8_t *)lz4->out, (uint32_t)len);
	lz4->filled = 0;
	return sink_write(lz4->below, lz4->out, (size_t)len + 4, err);
}

static int lz4_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	struct lz4_sink *lz4 = (struct lz4_sink *)sink;
	const char *next = data;
	int r = compress_lz4_start(lz4, err);

	while (r >= 0 && len) {
		size_t part = MIN(len, BLOCK_SIZE - lz4->filled);

		memcpy(lz4->block + lz4->filled, next, part);
		lz4->filled += part;
		next += part;
		len -= part;
		if (lz4->filled == BLOCK_SIZE)
			r = flush_block(lz4, err);
	}
	return r;
}

static int lz4_finish(struct sink *sink, struct error **err)
{
	struct lz4_sink *lz4 = (struct lz4_sink *)sink;
	int r = compress_lz4_start(lz4, err);

	return r < 0 ? r : flush_block(lz4, err);
}

static void lz4_close(struct sink *sink)
{
	struct lz4_sink *lz4 = (struct lz4_sink *)sink;

	free(lz4->block);
	free(lz4->out);
	free(lz4);
}

static int lz4_open(struct sink *below, int level, unsigned threads, struct sink **ret,
		    struct error **err)
{
	int r;
	struct lz4_sink *lz4 = compressor_sink(&compressor_lz4, level, sizeof(*lz4), &r, err);

	if (!lz4)
		return r;
	lz4->sink = (struct sink){ lz4_write, lz4_finish, lz4_close };
	lz4->below = below;
	lz4->level = level;
	lz4->block = malloc(BLOCK_SIZE);
	lz4->out = malloc(4 + LZ4_COMPRESSBOUND(BLOCK_SIZE));
	if (!lz4->block || !lz4->out) {
		lz4_close(&lz4->sink);
		return error_make(err, ENOMEM, "lz4: out of memory");
	}
	*ret = &lz4->sink;
	return 0;
}

const struct compressor compressor_lz4 = {
	.name = "lz4",
	.config = "RD_LZ4",
	.level_min = 1,
	.level_max = 12,
	.level_default = 9,
	.open = lz4_open,
};
