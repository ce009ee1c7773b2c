/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What compress.c and the compress-*.c files share. */
#ifndef BUILDER_WRITE_COMPRESS_INTERNAL_H
#define BUILDER_WRITE_COMPRESS_INTERNAL_H

#include "builder/write/compress.h"

extern const struct compressor compressor_none;
extern const struct compressor compressor_gzip;
extern const struct compressor compressor_xz;
extern const struct compressor compressor_zstd;
extern const struct compressor compressor_lz4;

/* 0 = all CPUs; the result is at least 1. */
unsigned compressor_threads(unsigned threads);

/*
 * Zeroed memory for a sink of size bytes. NULL: *ret_r is -EINVAL when level is out of range (the
 * message names the range), or -ENOMEM.
 */
void *compressor_sink(const struct compressor *compressor, int level, size_t size, int *ret_r,
		      struct error **err) _must_check_;

#endif
