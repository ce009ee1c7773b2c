// SPDX-License-Identifier: GPL-2.0-or-later
/* gzip: RFC 1952, through zlib. */
#include <errno.h>
#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

#include "applets/unpackroot/stream/codec.h"

static bool gzip_match(const uint8_t *head, size_t len)
{
	return len >= 3 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8;
}

static int gzip_open(const struct codec_limits *limits, void **ret_state, struct error **err)
{
	z_stream *stream = calloc(1, sizeof(*stream));

	/* 15 bits of window, +16: gzip header and trailer */
	if (!stream || inflateInit2(stream, 15 + 16) != Z_OK) {
		free(stream);
		return error_sys(err, ENOMEM, "gzip decoder");
	}
	*ret_state = stream;
	return 0;
}

static int gzip_begin(void *state, struct error **err)
{
	return inflateReset(state) == Z_OK ? 0 : error_sys(err, ENOMEM, "gzip decoder");
}

static int gzip_decode(void *state, struct codec_io *io, struct error **err)
{
	z_stream *stream = state;
	int r;

	stream->next_in = io->in;
	stream->avail_in = (unsigned int)MIN(io->in_len, (size_t)UINT_MAX);
	stream->next_out = io->out;
	stream->avail_out = (unsigned int)MIN(io->out_len, (size_t)UINT_MAX);
	r = inflate(stream, Z_NO_FLUSH);
	io->in_len -= (size_t)(stream->next_in - io->in);
	io->in = stream->next_in;
	io->out_len -= (size_t)(stream->next_out - io->out);
	io->out = stream->next_out;
	if (r == Z_STREAM_END)
		return 1;
	if (r == Z_OK || r == Z_BUF_ERROR)
		return 0;
	return error_make(err, EBADMSG, "gzip: %s", stream->msg ? stream->msg : "damaged data");
}

static void gzip_close(void *state)
{
	if (state)
		inflateEnd(state);
	free(state);
}

const struct codec codec_gzip = { "gzip",     gzip_match,  NULL,      gzip_open,
				  gzip_begin, gzip_decode, gzip_close };
