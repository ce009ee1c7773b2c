// SPDX-License-Identifier: GPL-2.0-or-later
/* What a library says of damaged data becomes an error; none writes beyond the block, or reads
 * beyond its input. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "applets/vdattach/format/common/codec.h"

#define BLOCK 4096u
#define ROOM  (2 * BLOCK)

/* A part that repeats, a part that does not. */
static void fill(uint8_t *block)
{
	uint32_t x = 1;

	for (size_t i = 0; i < BLOCK; i++) {
		x = x * 1103515245 + 12345;
		block[i] = (uint8_t)(i < BLOCK / 2 ? i % 7 : x >> 16);
	}
}

/* The last n bytes before memory that cannot be read. */
static uint8_t *guarded(size_t n)
{
	static uint8_t *memory;

	if (!memory) {
		memory = mmap(NULL, ROOM + BLOCK, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(memory, MAP_FAILED);
		assert_int_equal(mprotect(memory + ROOM, BLOCK, PROT_NONE), 0);
	}
	return memory + ROOM - n;
}

static int decode(enum vd_codec codec, const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	struct vd_decoder *d = vd_decoder_new(codec);
	size_t got = 0;
	int r;

	memset(out, 0xee, ROOM);
	r = vd_decode(d, codec, memcpy(guarded(n), in, n), n, out, size, &got, NULL);
	vd_decoder_free(d);
	for (size_t i = size; i < ROOM; i++)
		assert_int_equal(out[i], 0xee);
	return r < 0 ? r : (int)got;
}

static void check_codec(enum vd_codec codec, const uint8_t *in, size_t n, const uint8_t *block,
			int too_long)
{
	static uint8_t out[ROOM];

	assert_int_equal(decode(codec, in, n, out, BLOCK), BLOCK);
	assert_memory_equal(out, block, BLOCK);
	for (size_t size = 1; size < BLOCK; size += 97)
		assert_int_equal(decode(codec, in, n, out, size), too_long);
}

static void test_lzo(void **state)
{
	static uint8_t block[BLOCK], in[ROOM], out[ROOM], work[LZO1X_1_MEM_COMPRESS];
	static const uint8_t before_start[] = { 0x12, 'a', 0x40, 1, 0x11, 0, 0 };
	lzo_uint n = sizeof(in);

	fill(block);
	assert_int_equal(lzo1x_1_compress(block, BLOCK, in, &n, work), LZO_E_OK);
	check_codec(VD_CODEC_LZO, in, n, block, -E2BIG);
	/* its end is marked, and what follows is not its own */
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(decode(VD_CODEC_LZO, in, cut, out, BLOCK), -EINVAL);
	assert_int_equal(decode(VD_CODEC_LZO, in, n + 1, out, BLOCK), BLOCK);
	assert_int_equal(decode(VD_CODEC_LZO, before_start, sizeof(before_start), out, BLOCK),
			 -EINVAL);
}

static void test_lz4(void **state)
{
	static const uint8_t before_start[] = { 0x10, 'a', 2, 0 },
			     no_distance[] = { 0x10, 'a', 0, 0 };
	static const uint8_t cut[] = { 0xf0 }, long_literals[] = { 0x50, 'a' };
	static uint8_t block[BLOCK], in[ROOM], out[ROOM];
	int n;

	fill(block);
	n = LZ4_compress_default((const char *)block, (char *)in, BLOCK, ROOM);
	assert_true(n > 0);
	check_codec(VD_CODEC_LZ4, in, (size_t)n, block, -EINVAL);
	assert_int_equal(decode(VD_CODEC_LZ4, before_start, 4, out, BLOCK), -EINVAL);
	assert_int_equal(decode(VD_CODEC_LZ4, no_distance, 4, out, BLOCK), -EINVAL);
	assert_int_equal(decode(VD_CODEC_LZ4, cut, 1, out, BLOCK), -EINVAL);
	assert_int_equal(decode(VD_CODEC_LZ4, long_literals, 2, out, BLOCK), -EINVAL);
	assert_int_equal(decode(VD_CODEC_LZ4, in, 0, out, BLOCK), -EINVAL);
}

/* All of it and nothing more: not cut, nor changed where that can be told. */
static void check_whole(enum vd_codec codec, uint8_t *in, size_t n)
{
	static uint8_t block[BLOCK], out[ROOM];

	fill(block);
	for (size_t cut = 0; cut < n; cut++)
		assert_true(decode(codec, in, cut, out, BLOCK) < 0);
	in[0] ^= 0xff;
	assert_true(decode(codec, in, n, out, BLOCK) < 0);
	in[0] ^= 0xff;
	assert_int_equal(decode(codec, in, n, out, BLOCK + 100), BLOCK);
	assert_memory_equal(out, block, BLOCK);
}

static void test_zlib(void **state)
{
	static uint8_t block[BLOCK], in[ROOM];
	uLongf n = sizeof(in);

	fill(block);
	assert_int_equal(compress2(in, &n, block, BLOCK, 9), Z_OK);
	check_codec(VD_CODEC_ZLIB, in, n, block, -E2BIG);
	check_whole(VD_CODEC_ZLIB, in, n);
}

static void test_deflate(void **state)
{
	static uint8_t block[BLOCK], in[ROOM], out[ROOM];
	z_stream z = {
		.next_in = block, .avail_in = BLOCK, .next_out = in, .avail_out = sizeof(in)
	};

	fill(block);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	check_codec(VD_CODEC_DEFLATE, in, z.total_out, block, -E2BIG);
	check_whole(VD_CODEC_DEFLATE, in, z.total_out);
	/* whole sectors are read: what follows is not its own */
	assert_int_equal(decode(VD_CODEC_DEFLATE, in, z.total_out + 100, out, BLOCK), BLOCK);
}

static void test_zstd(void **state)
{
	static uint8_t block[BLOCK], in[ROOM], out[ROOM];
	struct vd_decoder *d;
	size_t n, got = 0;

	fill(block);
	n = ZSTD_compress(in, sizeof(in), block, BLOCK, 3);
	assert_false(ZSTD_isError(n));
	check_codec(VD_CODEC_ZSTD, in, n, block, -EINVAL);
	check_whole(VD_CODEC_ZSTD, in, n);
	assert_int_equal(decode(VD_CODEC_ZSTD, in, n + 100, out, BLOCK), BLOCK);
	/* what is no frame at all, and a decoder that is not for it */
	in[1] ^= 0xff;
	assert_int_equal(decode(VD_CODEC_ZSTD, in, n, out, BLOCK), -EINVAL);
	d = vd_decoder_new(VD_CODEC_ZLIB);
	n = ZSTD_compress(in, sizeof(in), block, BLOCK, 3);
	assert_int_equal(vd_decode(d, VD_CODEC_ZSTD, in, n, out, BLOCK, &got, NULL), -EINVAL);
	vd_decoder_free(d);
}

static void test_xz(void **state)
{
	static uint8_t block[BLOCK], in[ROOM], out[ROOM];
	size_t n = 0;

	fill(block);
	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, block, BLOCK, in, &n,
						 sizeof(in)),
			 LZMA_OK);
	check_codec(VD_CODEC_XZ, in, n, block, -E2BIG);
	in[n / 2] ^= 1;
	assert_true(decode(VD_CODEC_XZ, in, n, out, BLOCK) < 0);
	in[n / 2] ^= 1;
	check_whole(VD_CODEC_XZ, in, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lzo),  cmocka_unit_test(test_lz4),
		cmocka_unit_test(test_zlib), cmocka_unit_test(test_deflate),
		cmocka_unit_test(test_zstd), cmocka_unit_test(test_xz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
