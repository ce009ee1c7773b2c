// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/zstream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "common/file.h"

struct zstream {
	ZSTD_CCtx *context;
	int fd;
	uint64_t written;
	size_t room;
	char *buffer;
};

#define LEVEL 3

struct zstream *zstream_new(int fd)
{
	struct zstream *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->fd = fd;
	z->room = ZSTD_CStreamOutSize();
	z->buffer = malloc(z->room);
	z->context = ZSTD_createCCtx();
	if (!z->buffer || !z->context ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_checksumFlag, 1))) {
		zstream_free(z);
		return NULL;
	}
	return z;
}

static int zstream_step(struct zstream *z, ZSTD_inBuffer *in, ZSTD_EndDirective mode,
			size_t *ret_left)
{
	ZSTD_outBuffer out = { z->buffer, z->room, 0 };

	*ret_left = ZSTD_compressStream2(z->context, &out, in, mode);
	if (ZSTD_isError(*ret_left))
		return -ENOMEM;
	z->written += out.pos;
	return write_all(z->fd, z->buffer, out.pos);
}

int zstream_write(struct zstream *z, const void *data, size_t size)
{
	ZSTD_inBuffer in = { data, size, 0 };
	size_t left;
	int r = 0;

	while (r == 0 && in.pos < in.size)
		r = zstream_step(z, &in, ZSTD_e_continue, &left);
	return r;
}

int zstream_end(struct zstream *z)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };
	size_t left;
	int r;

	do
		r = zstream_step(z, &in, ZSTD_e_end, &left);
	while (r == 0 && left > 0);
	return r;
}

uint64_t zstream_written(const struct zstream *z)
{
	return z->written;
}

void zstream_free(struct zstream *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->context);
	free(z->buffer);
	free(z);
}
