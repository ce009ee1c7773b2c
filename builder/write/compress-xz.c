// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <lzma.h>

#include "builder/write/compress-internal.h"

#define OUT_SIZE (64 * KIB)
/* The kernel allocates the whole dictionary at boot: stay where small machines are. */
#define DICT_MAX (8 * MIB)

struct xz_sink {
	struct sink sink;
	struct sink *below;
	lzma_stream stream;
	uint8_t out[OUT_SIZE];
};

static int compress_xz_run(struct xz_sink *xz, lzma_action action, struct error **err)
{
	for (;;) {
		lzma_ret state;
		int r;

		xz->stream.next_out = xz->out;
		xz->stream.avail_out = OUT_SIZE;
		state = lzma_code(&xz->stream, action);
		if (state != LZMA_OK && state != LZMA_STREAM_END)
			return error_make(err, state == LZMA_MEM_ERROR ? ENOMEM : EIO,
					  "xz: compression failed (liblzma error %d)", (int)state);
		r = sink_write(xz->below, xz->out, OUT_SIZE - xz->stream.avail_out, err);
		if (r < 0)
			return r;
		if (state == LZMA_STREAM_END)
			return 0;
		if (action == LZMA_RUN && !xz->stream.avail_in)
			return 0;
	}
}

static int xz_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	struct xz_sink *xz = (struct xz_sink *)sink;

	xz->stream.next_in = data;
	xz->stream.avail_in = len;
	return len ? compress_xz_run(xz, LZMA_RUN, err) : 0;
}

static int xz_finish(struct sink *sink, struct error **err)
{
	return compress_xz_run((struct xz_sink *)sink, LZMA_FINISH, err);
}

static void xz_close(struct sink *sink)
{
	struct xz_sink *xz = (struct xz_sink *)sink;

	lzma_end(&xz->stream);
	free(xz);
}

/*
 * The kernel's decoder knows the checks "none" and CRC32 only (Documentation/staging/xz.rst), and
 * filters beside LZMA2 only when built with them. Blocks of a fixed size make the bytes independent
 * of the number of threads.
 */
static int compress_xz_start(struct xz_sink *xz, int level, unsigned threads)
{
	lzma_options_lzma lzma;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &lzma }, { LZMA_VLI_UNKNOWN, NULL } };
	lzma_mt options = { .threads = compressor_threads(threads),
			    .filters = filters,
			    .check = LZMA_CHECK_CRC32 };

	if (lzma_lzma_preset(&lzma, (uint32_t)level))
		return -EINVAL;
	lzma.dict_size = MIN(lzma.dict_size, DICT_MAX);
	options.block_size = MAX(3 * (uint64_t)lzma.dict_size, MIB);
	return lzma_stream_encoder_mt(&xz->stream, &options) == LZMA_OK ? 0 : -ENOMEM;
}

static int xz_open(struct sink *below, int level, unsigned threads, struct sink **ret,
		   struct error **err)
{
	int r;
	struct xz_sink *xz = compressor_sink(&compressor_xz, level, sizeof(*xz), &r, err);

	if (!xz)
		return r;
	xz->sink = (struct sink){ xz_write, xz_finish, xz_close };
	xz->below = below;
	r = compress_xz_start(xz, level, threads);
	if (r < 0) {
		xz_close(&xz->sink);
		return error_make(err, r, "xz: cannot set up the compressor");
	}
	*ret = &xz->sink;
	return 0;
}

const struct compressor compressor_xz = {
	.name = "xz",
	.config = "RD_XZ",
	.level_min = 0,
	.level_max = 9,
	.level_default = 6,
	.open = xz_open,
};
