// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <zlib.h>

#include "builder/write/compress-internal.h"

#define OUT_SIZE (64 * KIB)

struct gzip_sink {
	struct sink sink;
	struct sink *below;
	z_stream stream;
	gz_header header;
	Bytef out[OUT_SIZE];
};

static int compress_gzip_run(struct gzip_sink *gz, int flush, struct error **err)
{
	int state;

	do {
		int r;

		gz->stream.next_out = gz->out;
		gz->stream.avail_out = OUT_SIZE;
		state = deflate(&gz->stream, flush);
		if (state == Z_STREAM_ERROR)
			return error_make(err, EIO, "gzip: compression failed");
		r = sink_write(gz->below, gz->out, OUT_SIZE - gz->stream.avail_out, err);
		if (r < 0)
			return r;
	} while (gz->stream.avail_out == 0 && state != Z_STREAM_END);
	return 0;
}

static int gzip_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	struct gzip_sink *gz = (struct gzip_sink *)sink;
	const Bytef *next = data;

	while (len) {
		uInt part = (uInt)MIN(len, GIB);
		int r;

		gz->stream.next_in = (Bytef *)(uintptr_t)next;
		gz->stream.avail_in = part;
		r = compress_gzip_run(gz, Z_NO_FLUSH, err);
		if (r < 0)
			return r;
		next += part;
		len -= part;
	}
	return 0;
}

static int gzip_finish(struct sink *sink, struct error **err)
{
	return compress_gzip_run((struct gzip_sink *)sink, Z_FINISH, err);
}

static void gzip_close(struct sink *sink)
{
	struct gzip_sink *gz = (struct gzip_sink *)sink;

	deflateEnd(&gz->stream);
	free(gz);
}

/*
 * RFC 1952 header without name, time and optional fields: the kernel's gunzip skips a name, but no
 * extra field, comment or header check (lib/decompress_inflate.c). Always "Unix", whatever zlib was
 * built for.
 */
static int gzip_open(struct sink *below, int level, unsigned threads, struct sink **ret,
		     struct error **err)
{
	int r;
	struct gzip_sink *gz = compressor_sink(&compressor_gzip, level, sizeof(*gz), &r, err);

	if (!gz)
		return r;
	gz->sink = (struct sink){ gzip_write, gzip_finish, gzip_close };
	gz->below = below;
	gz->header.os = 3;
	if (deflateInit2(&gz->stream, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflateSetHeader(&gz->stream, &gz->header) != Z_OK) {
		gzip_close(&gz->sink);
		return error_make(err, ENOMEM, "gzip: cannot set up the compressor");
	}
	*ret = &gz->sink;
	return 0;
}

const struct compressor compressor_gzip = {
	.name = "gzip",
	.config = "RD_GZIP",
	.level_min = 1,
	.level_max = 9,
	.level_default = 6,
	.open = gzip_open,
};
