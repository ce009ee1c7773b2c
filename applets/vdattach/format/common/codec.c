// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/codec.h"

#include <errno.h>
#include <limits.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* More than any xz preset needs for blocks of 64 MiB, much less than a boot has. */
#define XZ_MEMORY (80 * MIB)

/* As many as a decoder of liblzma has at once, and more than one of zlib. */
#define SLOTS 16u

struct vd_decoder {
	struct {
		void *memory; /* owned, NULL = no slot yet */
		size_t size;
		bool used;
	} slots[SLOTS];
	ZSTD_DCtx *zstd;
};

/* The smallest memory that was given back and is large enough, else new memory. */
static void *codec_take(void *opaque, size_t n, size_t size)
{
	struct vd_decoder *d = opaque;
	size_t wanted = 0, best = SLOTS, spare = SLOTS;

	if (__builtin_mul_overflow(n, size, &wanted))
		return NULL;
	for (size_t i = 0; i < SLOTS; i++) {
		if (d->slots[i].used)
			continue;
		if (d->slots[i].size < wanted &&
		    (spare == SLOTS || d->slots[i].size < d->slots[spare].size))
			spare = i;
		else if (d->slots[i].size >= wanted &&
			 (best == SLOTS || d->slots[i].size < d->slots[best].size))
			best = i;
	}
	if (best == SLOTS) {
		if (spare == SLOTS)
			return NULL;
		best = spare;
		free(d->slots[best].memory);
		d->slots[best].memory = malloc(wanted);
		d->slots[best].size = d->slots[best].memory ? wanted : 0;
	}
	d->slots[best].used = d->slots[best].memory;
	return d->slots[best].memory;
}

static void codec_give_back(void *opaque, void *memory)
{
	struct vd_decoder *d = opaque;

	for (size_t i = 0; memory && i < SLOTS; i++) {
		if (d->slots[i].memory == memory)
			d->slots[i].used = false;
	}
}

static void *take_items(void *opaque, uInt n, uInt size)
{
	return codec_take(opaque, n, size);
}

/* What inflateInit() takes, and the window that inflate() takes for some streams. */
static bool warm_up(struct vd_decoder *d)
{
	z_stream z = { .zalloc = take_items, .zfree = codec_give_back, .opaque = d };
	void *window;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	window = codec_take(d, 1u << MAX_WBITS, 1);
	codec_give_back(d, window);
	inflateEnd(&z);
	return window;
}

struct vd_decoder *vd_decoder_new(enum vd_codec codec)
{
	struct vd_decoder *d = calloc(1, sizeof(*d));
	bool ready = d;

	if (ready && codec == VD_CODEC_ZSTD) {
		d->zstd = ZSTD_createDCtx();
		ready = d->zstd;
	} else if (ready && (codec == VD_CODEC_ZLIB || codec == VD_CODEC_DEFLATE)) {
		ready = warm_up(d);
	}
	if (!ready) {
		vd_decoder_free(d);
		return NULL;
	}
	return d;
}

void vd_decoder_free(struct vd_decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(decoder->slots[i].memory);
	ZSTD_freeDCtx(decoder->zstd);
	free(decoder);
}

static int codec_damaged(const char *codec, struct error **err)
{
	return error_make(err, EINVAL, "damaged %s data", codec);
}

static int too_long(const char *codec, size_t size, struct error **err)
{
	return error_make(err, E2BIG, "%s data holds more than the %zu bytes of a block", codec,
			  size);
}

static int decode_none(const uint8_t *in, size_t n, uint8_t *out, size_t size, size_t *ret_size,
		       struct error **err)
{
	if (n > size)
		return too_long("stored", size, err);
	memcpy(out, in, n);
	*ret_size = n;
	return 0;
}

/* window_bits: as inflateInit2() has them. */
static int decode_zlib(struct vd_decoder *d, int window_bits, const uint8_t *in, size_t n,
		       uint8_t *out, size_t size, size_t *ret_size, struct error **err)
{
	z_stream z = { .zalloc = take_items,
		       .zfree = codec_give_back,
		       .opaque = d,
		       .next_in = (z_const Bytef *)(uintptr_t)in,
		       .avail_in = (uInt)n,
		       .next_out = out,
		       .avail_out = (uInt)size };
	uint8_t spare;
	int r;

	if (n > UINT32_MAX || size > UINT32_MAX)
		return codec_damaged("deflate", err);
	if (inflateInit2(&z, window_bits) != Z_OK)
		return error_sys(err, ENOMEM, "cannot decompress deflate data");
	r = inflate(&z, Z_FINISH);
	*ret_size = size - z.avail_out;
	if (r == Z_BUF_ERROR && z.avail_out == 0) {
		/* full: either the end mark is still to be read, or there is more */
		z.next_out = &spare;
		z.avail_out = 1;
		r = inflate(&z, Z_FINISH);
		if (z.avail_out == 0)
			r = Z_BUF_ERROR;
		else
			z.avail_out = 1;
	} else {
		z.avail_out = 1;
	}
	inflateEnd(&z);
	if (z.avail_out == 0)
		return too_long("deflate", size, err);
	return r == Z_STREAM_END ? 0 : codec_damaged("deflate", err);
}

static int decode_zstd(struct vd_decoder *d, const uint8_t *in, size_t n, uint8_t *out, size_t size,
		       size_t *ret_size, struct error **err)
{
	size_t frame = ZSTD_findFrameCompressedSize(in, n), got;

	if (ZSTD_isError(frame) || !d->zstd)
		return codec_damaged("zstd", err);
	got = ZSTD_decompressDCtx(d->zstd, out, size, in, frame);
	if (ZSTD_isError(got))
		return codec_damaged("zstd", err);
	*ret_size = got;
	return 0;
}

static int decode_xz(struct vd_decoder *d, const uint8_t *in, size_t n, uint8_t *out, size_t size,
		     size_t *ret_size, struct error **err)
{
	const lzma_allocator memory_of = { .alloc = codec_take,
					   .free = codec_give_back,
					   .opaque = d };
	uint64_t memory = XZ_MEMORY;
	size_t in_at = 0, out_at = 0;

	lzma_ret r = lzma_stream_buffer_decode(&memory, 0, &memory_of, in, &in_at, n, out, &out_at,
					       size);

	if (r == LZMA_MEM_ERROR)
		return error_sys(err, ENOMEM, "cannot decompress xz data");
	if (r == LZMA_BUF_ERROR)
		return too_long("xz", size, err);
	if (r != LZMA_OK)
		return codec_damaged("xz", err);
	*ret_size = out_at;
	return 0;
}

/* The library does not tell which of the two it is. */
static int decode_lz4(const uint8_t *in, size_t n, uint8_t *out, size_t size, size_t *ret_size,
		      struct error **err)
{
	int got = -1;

	if (n <= INT_MAX && size <= INT_MAX)
		got = LZ4_decompress_safe((const char *)in, (char *)out, (int)n, (int)size);
	if (got < 0)
		return error_make(err, EINVAL,
				  "damaged lz4 data, or more than the %zu bytes of a block", size);
	*ret_size = (size_t)got;
	return 0;
}

static int decode_lzo(const uint8_t *in, size_t n, uint8_t *out, size_t size, size_t *ret_size,
		      struct error **err)
{
	lzo_uint got = size;
	int r = lzo1x_decompress_safe(in, n, out, &got, NULL);

	if (r == LZO_E_OUTPUT_OVERRUN)
		return too_long("lzo", size, err);
	if (r != LZO_E_OK && r != LZO_E_INPUT_NOT_CONSUMED)
		return codec_damaged("lzo", err);
	*ret_size = got;
	return 0;
}

int vd_decode(struct vd_decoder *decoder, enum vd_codec codec, const uint8_t *in, size_t n,
	      uint8_t *out, size_t size, size_t *ret_size, struct error **err)
{
	switch (codec) {
	case VD_CODEC_NONE:
		return decode_none(in, n, out, size, ret_size, err);
	case VD_CODEC_DEFLATE:
		return decode_zlib(decoder, -MAX_WBITS, in, n, out, size, ret_size, err);
	case VD_CODEC_ZLIB:
		return decode_zlib(decoder, MAX_WBITS, in, n, out, size, ret_size, err);
	case VD_CODEC_ZSTD:
		return decode_zstd(decoder, in, n, out, size, ret_size, err);
	case VD_CODEC_XZ:
		return decode_xz(decoder, in, n, out, size, ret_size, err);
	case VD_CODEC_LZ4:
		return decode_lz4(in, n, out, size, ret_size, err);
	case VD_CODEC_LZO:
		return decode_lzo(in, n, out, size, ret_size, err);
	}
	return error_make(err, EOPNOTSUPP, "unknown compression");
}
