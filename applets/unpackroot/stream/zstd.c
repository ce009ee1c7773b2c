// SPDX-License-Identifier: GPL-2.0-or-later
/* zstd: RFC 8878, skippable frames (pzstd) and long windows included. */
#include <errno.h>
#include <zstd.h>

#include "applets/unpackroot/stream/codec.h"
#include "common/bytes.h"

static bool zstd_match(const uint8_t *head, size_t len)
{
	uint32_t magic = len >= 4 ? get_le32(head) : 0;

	return magic == ZSTD_MAGICNUMBER || (magic & 0xfffffff0) == 0x184d2a50;
}

/*
 * Frame_Header of RFC 8878 3.1.1.1: the window is what decoding holds, plus two blocks of 128 KiB.
 * Read by hand because libzstd offers it only in its static interface.
 */
static uint64_t zstd_memory(const uint8_t *head, size_t len)
{
	uint64_t base;
	unsigned long long content;

	if (len < 6 || get_le32(head) != ZSTD_MAGICNUMBER)
		return 0;
	if (head[4] & 0x20) { /* single segment: the window is the content */
		content = ZSTD_getFrameContentSize(head, len);
		return content < ZSTD_CONTENTSIZE_ERROR ? content + 512 * KIB : 0;
	}
	base = 1ULL << (10 + (head[5] >> 3));
	return base + base / 8 * (head[5] & 7) + 512 * KIB;
}

/* --long=31 is the longest that zstd writes; the memory itself is judged by zstd_memory() and
 * libzstd's own check. */
static int zstd_open(const struct codec_limits *limits, void **ret_state, struct error **err)
{
	ZSTD_DCtx *ctx = ZSTD_createDCtx();
	int log = 27;

	if (!ctx)
		return error_sys(err, ENOMEM, "zstd decoder");
	while (log < ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound &&
	       2ULL << log <= limits->hard)
		log++;
	ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, log);
	*ret_state = ctx;
	return 0;
}

static int zstd_begin(void *state, struct error **err)
{
	return 0;
}

static int zstd_decode(void *state, struct codec_io *io, struct error **err)
{
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	size_t r = ZSTD_decompressStream(state, &out, &in);

	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_isError(r))
		return error_make(err, EBADMSG, "zstd: %s", ZSTD_getErrorName(r));
	return r == 0;
}

static void zstd_close(void *state)
{
	ZSTD_freeDCtx(state);
}

const struct codec codec_zstd = { "zstd",     zstd_match,  zstd_memory, zstd_open,
				  zstd_begin, zstd_decode, zstd_close };
