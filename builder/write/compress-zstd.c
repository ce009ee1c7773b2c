// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <zstd.h>

#include "builder/write/compress-internal.h"

/* The kernel allocates the window at boot; 8 MiB is what every decoder must accept (RFC
 * 8878, 3.1.1.1.2). */
#define WINDOW_LOG_MAX 23
/* Jobs of a fixed size are cut at the same places whatever the number of threads. */
#define JOB_SIZE (4 * MIB)

struct zstd_sink {
	struct sink sink;
	struct sink *below;
	ZSTD_CCtx *context;
	size_t out_size;
	uint8_t *out;
};

static int compress_zstd_run(struct zstd_sink *zstd, ZSTD_inBuffer *in, ZSTD_EndDirective directive,
			     struct error **err)
{
	for (;;) {
		ZSTD_outBuffer out = { zstd->out, zstd->out_size, 0 };
		size_t left = ZSTD_compressStream2(zstd->context, &out, in, directive);
		int r;

		if (ZSTD_isError(left))
			return error_make(err, EIO, "zstd: compression failed: %s",
					  ZSTD_getErrorName(left));
		r = sink_write(zstd->below, out.dst, out.pos, err);
		if (r < 0)
			return r;
		if (directive == ZSTD_e_end ? left == 0 : in->pos == in->size)
			return 0;
	}
}

static int zstd_write(struct sink *sink, const void *data, size_t len, struct error **err)
{
	ZSTD_inBuffer in = { data, len, 0 };

	return compress_zstd_run((struct zstd_sink *)sink, &in, ZSTD_e_continue, err);
}

static int zstd_finish(struct sink *sink, struct error **err)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };

	return compress_zstd_run((struct zstd_sink *)sink, &in, ZSTD_e_end, err);
}

static void zstd_close(struct sink *sink)
{
	struct zstd_sink *zstd = (struct zstd_sink *)sink;

	ZSTD_freeCCtx(zstd->context);
	free(zstd->out);
	free(zstd);
}

static bool set(ZSTD_CCtx *context, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value));
}

/* One worker and none give different bytes, so there is always at least one. */
static bool configure(ZSTD_CCtx *context, int level, unsigned threads)
{
	return set(context, ZSTD_c_compressionLevel, level) &&
	       set(context, ZSTD_c_checksumFlag, 1) &&
	       set(context, ZSTD_c_nbWorkers, (int)compressor_threads(threads)) &&
	       set(context, ZSTD_c_jobSize, (int)JOB_SIZE) &&
	       (level < 20 || set(context, ZSTD_c_windowLog, WINDOW_LOG_MAX));
}

static int zstd_open(struct sink *below, int level, unsigned threads, struct sink **ret,
		     struct error **err)
{
	int r;
	struct zstd_sink *zstd = compressor_sink(&compressor_zstd, level, sizeof(*zstd), &r, err);

	if (!zstd)
		return r;
	zstd->sink = (struct sink){ zstd_write, zstd_finish, zstd_close };
	zstd->below = below;
	zstd->out_size = ZSTD_CStreamOutSize();
	zstd->out = malloc(zstd->out_size);
	zstd->context = ZSTD_createCCtx();
	if (!zstd->out || !zstd->context || !configure(zstd->context, level, threads)) {
		zstd_close(&zstd->sink);
		return error_make(err, ENOMEM,
				  "zstd: cannot set up the compressor"
				  " (libzstd must have threads)");
	}
	*ret = &zstd->sink;
	return 0;
}

const struct compressor compressor_zstd = {
	.name = "zstd",
	.config = "RD_ZSTD",
	.level_min = 1,
	.level_max = 22,
	.level_default = 3,
	.open = zstd_open,
};
