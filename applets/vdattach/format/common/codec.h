/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decompression of one block at a time, as disk images store them. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_CODEC_H
#define APPLETS_VDATTACH_FORMAT_COMMON_CODEC_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

enum vd_codec {
	VD_CODEC_NONE,	  /* stored as is */
	VD_CODEC_DEFLATE, /* RFC 1951, no header */
	VD_CODEC_ZLIB,	  /* RFC 1950 */
	VD_CODEC_ZSTD,	  /* RFC 8878, one frame */
	VD_CODEC_XZ,	  /* .xz, one stream */
	VD_CODEC_LZ4,	  /* LZ4 block format, no frame */
	VD_CODEC_LZO,	  /* LZO1X, no header */
};

/* The memory that decompression needs, kept from one block to the next. */
struct vd_decoder;

/*
 * Takes all the memory that blocks of this codec will need; for xz, whose blocks say themselves how
 * much that is, with the first block. NULL without memory. Free with vd_decoder_free.
 */
struct vd_decoder *vd_decoder_new(enum vd_codec codec);

/* NULL-safe. */
void vd_decoder_free(struct vd_decoder *decoder);

/*
 * Decodes the stream at the start of in[0..n) into out. What follows the end
 * of the stream is ignored, except for NONE and LZ4, which end with the input.
 * Never writes more than size bytes. On success *ret_size is how many came out.
 * Returns 0, -EINVAL (damaged or cut short), -E2BIG (more than size bytes would
 * come out; of LZ4 -EINVAL, too) or -ENOMEM; the message names neither image nor offset.
 */
int vd_decode(struct vd_decoder *decoder, enum vd_codec codec, const uint8_t *in, size_t n,
	      uint8_t *out, size_t size, size_t *ret_size, struct error **err) _must_check_
	_nonnull_(1, 3, 5, 7);

#endif
