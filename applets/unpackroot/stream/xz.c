// SPDX-License-Identifier: GPL-2.0-or-later
/* xz: liblzma's multi-threaded decoder, which falls back to one thread by itself (no block sizes,
 * little memory). For one thread the plain decoder: it holds the dictionary, and no whole blocks.
 */
#include <errno.h>
#include <lzma.h>
#include <string.h>

#include "applets/unpackroot/stream/codec.h"

struct xz_state {
	lzma_stream stream;
	lzma_mt options;
};

/* Section 2.1.1.1 of the .xz file format. */
static bool xz_match(const uint8_t *head, size_t len)
{
	return len >= 6 && memcmp(head,
				  "\xfd"
				  "7zXZ",
				  6) == 0;
}

/* A decoder that may use one byte stops after the block header and tells what it would have needed.
 */
static uint64_t xz_memory(const uint8_t *head, size_t len)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	uint64_t need = 0;
	uint8_t out[16];

	if (lzma_stream_decoder(&stream, 1, 0) != LZMA_OK)
		return 0;
	stream.next_in = head;
	stream.avail_in = len;
	stream.next_out = out;
	stream.avail_out = sizeof(out);
	if (lzma_code(&stream, LZMA_RUN) == LZMA_MEMLIMIT_ERROR)
		need = lzma_memusage(&stream);
	lzma_end(&stream);
	return need;
}

static int xz_open(const struct codec_limits *limits, void **ret_state, struct error **err)
{
	const lzma_stream init = LZMA_STREAM_INIT;
	struct xz_state *xz = calloc(1, sizeof(*xz));

	if (!xz)
		return error_sys(err, ENOMEM, "xz decoder");
	xz->stream = init;
	xz->options.threads = MAX(limits->threads, 1U);
	xz->options.memlimit_threading = limits->soft;
	xz->options.memlimit_stop = limits->hard;
	*ret_state = xz;
	return 0;
}

static int xz_fail(const struct xz_state *xz, lzma_ret code, struct error **err)
{
	switch ((int)code) {
	case LZMA_MEM_ERROR:
		return error_make(err, ENOMEM, "out of memory in the xz decoder: add memory");
	case LZMA_MEMLIMIT_ERROR:
		return error_make(err, ENOMEM,
				  "the xz decoder needs %llu MiB, have %llu MiB: add memory, or "
				  "compress with a smaller dictionary",
				  (unsigned long long)(lzma_memusage(&xz->stream) / MIB + 1),
				  (unsigned long long)(xz->options.memlimit_stop / MIB));
	case LZMA_FORMAT_ERROR:
		return error_make(err, EBADMSG, "no xz stream");
	case LZMA_OPTIONS_ERROR:
		return error_make(err, EOPNOTSUPP, "xz filter or option that is not supported");
	default:
		return error_make(err, EBADMSG, "xz data is damaged");
	}
}

static int xz_begin(void *state, struct error **err)
{
	struct xz_state *xz = state;
	const lzma_mt *o = &xz->options;
	lzma_ret code = o->threads > 1 ? lzma_stream_decoder_mt(&xz->stream, o)
				       : lzma_stream_decoder(&xz->stream, o->memlimit_stop, 0);

	return code == LZMA_OK ? 0 : xz_fail(xz, code, err);
}

static int xz_decode(void *state, struct codec_io *io, struct error **err)
{
	struct xz_state *xz = state;
	lzma_ret code;

	xz->stream.next_in = io->in;
	xz->stream.avail_in = io->in_len;
	xz->stream.next_out = io->out;
	xz->stream.avail_out = io->out_len;
	code = lzma_code(&xz->stream, io->last ? LZMA_FINISH : LZMA_RUN);
	io->in = xz->stream.next_in;
	io->in_len = xz->stream.avail_in;
	io->out = xz->stream.next_out;
	io->out_len = xz->stream.avail_out;
	if (code == LZMA_STREAM_END)
		return 1;
	return code == LZMA_OK || code == LZMA_BUF_ERROR ? 0 : xz_fail(xz, code, err);
}

static void xz_close(void *state)
{
	struct xz_state *xz = state;

	if (!xz)
		return;
	lzma_end(&xz->stream);
	free(xz);
}

const struct codec codec_xz = { "xz", xz_match, xz_memory, xz_open, xz_begin, xz_decode, xz_close };
