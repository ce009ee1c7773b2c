// SPDX-License-Identifier: GPL-2.0-or-later
#include <bzlib.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "applets/unpackroot/stream/codec.h"

struct bzip2_state {
	bz_stream stream;
	bool open;
};

static bool bzip2_match(const uint8_t *head, size_t len)
{
	return len >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9';
}

static int bzip2_open(const struct codec_limits *limits, void **ret_state, struct error **err)
{
	struct bzip2_state *bz = calloc(1, sizeof(*bz));

	if (!bz)
		return error_sys(err, ENOMEM, "bzip2 decoder");
	*ret_state = bz;
	return 0;
}

static int bzip2_begin(void *state, struct error **err)
{
	struct bzip2_state *bz = state;

	if (bz->open)
		BZ2_bzDecompressEnd(&bz->stream);
	memset(&bz->stream, 0, sizeof(bz->stream));
	bz->open = BZ2_bzDecompressInit(&bz->stream, 0, 0) == BZ_OK;
	return bz->open ? 0 : error_sys(err, ENOMEM, "bzip2 decoder");
}

static int bzip2_decode(void *state, struct codec_io *io, struct error **err)
{
	struct bzip2_state *bz = state;
	unsigned int in_len = (unsigned int)MIN(io->in_len, (size_t)UINT_MAX);
	unsigned int out_len = (unsigned int)MIN(io->out_len, (size_t)UINT_MAX);
	int r;

	/* bz_stream has no const: it only reads there */
	memcpy(&bz->stream.next_in, &io->in, sizeof(io->in));
	bz->stream.avail_in = in_len;
	bz->stream.next_out = (char *)io->out;
	bz->stream.avail_out = out_len;
	r = BZ2_bzDecompress(&bz->stream);
	io->in += in_len - bz->stream.avail_in;
	io->in_len -= in_len - bz->stream.avail_in;
	io->out += out_len - bz->stream.avail_out;
	io->out_len -= out_len - bz->stream.avail_out;
	if (r == BZ_STREAM_END)
		return 1;
	if (r == BZ_OK)
		return 0;
	return error_make(err, r == BZ_MEM_ERROR ? ENOMEM : EBADMSG, "bzip2 data is damaged (%d)",
			  r);
}

static void bzip2_close(void *state)
{
	struct bzip2_state *bz = state;

	if (bz && bz->open)
		BZ2_bzDecompressEnd(&bz->stream);
	free(bz);
}

const struct codec codec_bzip2 = { "bzip2",	bzip2_match,  NULL,	  bzip2_open,
				   bzip2_begin, bzip2_decode, bzip2_close };
