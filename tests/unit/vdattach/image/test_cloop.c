// SPDX-License-Identifier: GPL-2.0-or-later
/* cloop images of all versions, built from the kernel module's headers; codecs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <lz4.h>
#include <lzma.h>
#include <lzo/lzo1x.h>
#include <string.h>
#include <zlib.h>

#include "applets/vdattach/format/common/codec.h"
#include "applets/vdattach/image/image.h"
#include "common/bytes.h"
#include "tests/unit/vdattach/fake/memory.h"

#define BLOCK  1024u
#define BLOCKS 5u

enum layout { V2, V4_FIRST, V4_LAST, V3, V1, V068, PAIRS };

struct image {
	uint8_t bytes[16384];
	size_t n, index; /* index: where the first offset is */
};

static void content(uint32_t i, uint8_t *block)
{
	for (uint32_t k = 0; k < BLOCK; k++)
		block[k] = (uint8_t)(k / 100 * 7 + i);
}

static size_t put_zlib(const uint8_t *block, uint8_t *out)
{
	uLongf n = 4096;

	assert_int_equal(compress2(out, &n, block, BLOCK, 9), Z_OK);
	return n;
}

static size_t put_xz(const uint8_t *block, uint8_t *out)
{
	size_t n = 0;

	assert_int_equal(
		lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, block, BLOCK, out, &n, 4096),
		LZMA_OK);
	return n;
}

static size_t put_lz4(const uint8_t *block, uint8_t *out)
{
	int n = LZ4_compress_default((const char *)block, (char *)out, BLOCK, 4096);

	assert_true(n > 0);
	return (size_t)n;
}

static size_t put_lzo(const uint8_t *block, uint8_t *out)
{
	static uint8_t work[LZO1X_1_MEM_COMPRESS];
	lzo_uint n = 4096;

	assert_int_equal(lzo1x_1_compress(block, BLOCK, out, &n, work), LZO_E_OK);
	return n;
}

/* codec: 0 zlib, 1 none, 2 xz, 3 lz4, 4 lzo. Returns the length. */
static size_t put_block(unsigned int codec, const uint8_t *block, uint8_t *out)
{
	switch (codec) {
	case 0:
		return put_zlib(block, out);
	case 2:
		return put_xz(block, out);
	case 3:
		return put_lz4(block, out);
	case 4:
		return put_lzo(block, out);
	default:
		memcpy(out, block, BLOCK);
		return BLOCK;
	}
}

static void put_header(uint8_t *b, const char *version)
{
	strcpy((char *)b, "#!/bin/sh\n#");
	memcpy(b + 11, version, 4);
	put_be32(b + 128, BLOCK);
	put_be32(b + 132, BLOCKS);
}

static void put_index(struct image *m, size_t at, enum layout layout, const uint64_t *offsets,
		      const unsigned int *codecs)
{
	static const uint32_t v3_flags[] = { 2, 0, 8, 16, 4 };

	m->index = at;
	for (uint32_t i = 0; i <= BLOCKS; i++) {
		uint64_t codec = i < BLOCKS ? codecs[i] : 0;

		if (layout == V1) {
			put_le64(m->bytes + at + i * 8, offsets[i]);
		} else if (layout == V068) {
			put_be32(m->bytes + at + i * 4, (uint32_t)offsets[i]);
		} else if (layout == PAIRS && i < BLOCKS) {
			put_be64(m->bytes + at + i * 16, offsets[i]);
			put_be32(m->bytes + at + i * 16 + 8,
				 (uint32_t)(offsets[i + 1] - offsets[i]));
		} else if (layout != PAIRS) {
			put_be64(m->bytes + at + i * 8,
				 offsets[i] | (layout == V4_FIRST || layout == V4_LAST ? codec << 60
										       : 0));
		}
		if (layout == V3 && i < BLOCKS)
			put_be32(m->bytes + at + (BLOCKS + 1) * 8 + i * 4, v3_flags[codec]);
	}
}

static void make(struct image *m, enum layout layout)
{
	static const size_t index_size[] = { 48, 48, 48, 48, 48, 24, 80 };
	bool first = layout != V4_LAST && layout != V3;
	size_t at = first ? 136 + index_size[layout] : 0;
	unsigned int codecs[BLOCKS] = { 0 };
	uint64_t offsets[BLOCKS + 1];
	uint8_t block[BLOCK];

	memset(m, 0, sizeof(*m));
	for (uint32_t i = 0; i < BLOCKS; i++) {
		if (layout == V3 || layout == V4_FIRST || layout == V4_LAST)
			codecs[i] = i % 5;
		content(i, block);
		offsets[i] = at;
		at += put_block(codecs[i], block, m->bytes + at);
	}
	offsets[BLOCKS] = at;
	if (first) {
		put_header(m->bytes, layout == V4_FIRST ? "V4.0" : layout == V2 ? "V2.0" : "V1.0");
		put_index(m, 136, layout, offsets, codecs);
		if (layout == V068)
			strcpy((char *)m->bytes, "#!/bin/sh\ninsmod cloop.o file=$0 && mount -o ro "
						 "-t iso9660 /dev/cloop $1\nexit $?\n");
	} else if (layout == V4_LAST) {
		put_index(m, at, layout, offsets, codecs);
		put_header(m->bytes + at + 48, "V4.0");
		at += 48 + 136;
	} else {
		put_be32(m->bytes + at, BLOCKS);
		put_be32(m->bytes + at + 4, BLOCK);
		put_be64(m->bytes + at + 8, BLOCKS * BLOCK - 512);
		put_index(m, at + 16, layout, offsets, codecs);
		put_be64(m->bytes + at + 16 + 48 + 20, at);
		put_be32(m->bytes + at + 16 + 48 + 28, 3);
		memcpy(m->bytes + at + 16 + 48 + 32, "\nCLOOP3\n", 8);
		at += 16 + 48 + 40;
	}
	m->n = at;
}

static int open_bytes(struct image *m, struct vd_image **ret, struct error **err)
{
	struct source *source = NULL;
	int r;

	assert_int_equal(source_memory(m->bytes, m->n, &source), 0);
	r = open_format(source, NULL, ret, err);
	if (r < 0)
		source_close(&source);
	return r;
}

static void assert_reads(enum layout layout, const char *variant)
{
	_cleanup_image_ struct vd_image *image = NULL;
	_cleanup_source_ struct source *disk = NULL;
	uint8_t want[BLOCK], got[BLOCK];
	static struct image m;

	make(&m, layout);
	assert_int_equal(open_bytes(&m, &image, NULL), 0);
	assert_string_equal(image->format->name, "cloop");
	assert_string_equal(image->variant, variant);
	assert_true(image->read_only);
	assert_int_equal(image->size, BLOCKS * BLOCK - (layout == V3 ? 512 : 0));
	assert_int_equal(vd_image_view(image, &disk, NULL), 0);
	for (uint32_t i = BLOCKS; i-- > 0;) {
		size_t n = (size_t)MIN(disk->size - (uint64_t)i * BLOCK, (uint64_t)BLOCK);

		content(i, want);
		assert_int_equal(source_pread(disk, got, n, (uint64_t)i * BLOCK, NULL), 0);
		assert_memory_equal(got, want, n);
	}
	assert_int_equal(vd_image_check(image, NULL), 0);
	assert_int_equal(image->findings.count[FINDING_ERROR], 0);
}

static void test_versions(void **state)
{
	assert_reads(V2, "version 2");
	assert_reads(V4_FIRST, "version 4");
	assert_reads(V4_LAST, "version 4");
	assert_reads(V3, "version 3");
	assert_reads(V1, "version 1");
	assert_reads(PAIRS, "version 1");
	assert_reads(V068, "version 0.68");
}

/* One error, and the message has part. */
static void assert_found(struct image *m, const char *part)
{
	_cleanup_image_ struct vd_image *image = NULL;

	assert_int_equal(open_bytes(m, &image, NULL), 0);
	assert_int_equal(vd_image_check(image, NULL), 0);
	assert_true(image->findings.count[FINDING_ERROR] > 0);
	assert_non_null(strstr(image->findings.items[0].text, part));
}

static void test_damaged_index(void **state)
{
	static struct image m;

	make(&m, V2);
	put_be64(m.bytes + m.index + 8, 150);
	assert_found(&m, "block 0 from offset 184 to 150 is not inside the data");
	make(&m, V2);
	put_be64(m.bytes + m.index + 40, 1 << 20);
	assert_found(&m, "block 4 from");
	make(&m, V4_FIRST);
	m.bytes[m.index] |= 0x40;
	assert_found(&m, "damaged lzo data");
	make(&m, V4_FIRST);
	m.bytes[m.index] |= 0xf0;
	assert_found(&m, "unknown method");
}

static void assert_refused(struct image *m, const char *part)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_image *image = NULL;

	assert_int_equal(open_bytes(m, &image, &err), -EINVAL);
	assert_non_null(strstr(error_msg(err), part));
}

static void test_damaged_header(void **state)
{
	static struct image m;

	make(&m, V2);
	put_be32(m.bytes + 132, UINT32_MAX);
	assert_refused(&m, "4294967295 blocks");
	make(&m, V2);
	put_be32(m.bytes + 128, 1000);
	assert_refused(&m, "blocks of 1000 bytes");
	make(&m, V2);
	put_be32(m.bytes + 128, 0x10000000);
	assert_refused(&m, "up to 64 MiB");
	make(&m, V4_LAST);
	put_be32(m.bytes + m.n - 4, 100000);
	assert_refused(&m, "not inside the file");
}

/* What comes out must be a whole block: not less, and a bomb is not unpacked. */
static void test_decoded_size(void **state)
{
	uint8_t big[4096] = { 0 }, out[BLOCK], packed[4096];
	struct vd_decoder *d = vd_decoder_new(VD_CODEC_ZLIB);
	uLongf n = sizeof(packed);
	size_t got = 0;

	assert_int_equal(compress2(packed, &n, big, sizeof(big), 9), Z_OK);
	assert_int_equal(vd_decode(d, VD_CODEC_ZLIB, packed, n, out, BLOCK, &got, NULL), -E2BIG);
	assert_int_equal(vd_decode(d, VD_CODEC_ZLIB, packed, n - 6, big, sizeof(big), &got, NULL),
			 -EINVAL);
	assert_int_equal(vd_decode(d, VD_CODEC_ZLIB, packed, n, big, sizeof(big), &got, NULL), 0);
	assert_int_equal(got, sizeof(big));
	n = sizeof(packed);
	assert_int_equal(compress2(packed, &n, big, BLOCK, 9), Z_OK);
	assert_int_equal(vd_decode(d, VD_CODEC_ZLIB, packed, n, out, BLOCK, &got, NULL), 0);
	assert_int_equal(got, BLOCK);
	vd_decoder_free(d);
}

/* glibc's own, which the program's malloc stands before; ASan has that place itself. */
#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t n);
static unsigned int allocations;

void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}
#define ALLOCATIONS allocations
#else
#define ALLOCATIONS 0u
#endif

/* An image's reader holds the root: it cannot wait for memory that the root is to give. */
static void test_no_memory_per_block(void **state)
{
	uint8_t block[BLOCK], out[BLOCK + 1], packed[2][2 * BLOCK];
	static const enum vd_codec codecs[] = { VD_CODEC_ZLIB, VD_CODEC_XZ };
	struct vd_decoder *d = vd_decoder_new(VD_CODEC_ZLIB);
	uLongf n = sizeof(packed[0]);
	size_t length[2], got = 0;
	unsigned int before = 0;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)(i * i >> 7);
	assert_int_equal(compress2(packed[0], &n, block, sizeof(block), 9), Z_OK);
	length[0] = n;
	length[1] = put_xz(block, packed[1]);
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(vd_decode(d, codecs[i], packed[i], length[i], out,
						   BLOCK + round % 2, &got, NULL),
					 0);
			assert_memory_equal(out, block, BLOCK);
		}
		if (round == 0)
			before = ALLOCATIONS;
	}
	assert_int_equal(ALLOCATIONS, before);
	vd_decoder_free(d);
}

static void test_decompresses_once(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	uint8_t want[BLOCK], got;
	static struct image m;

	make(&m, V2);
	content(0, want);
	assert_int_equal(open_bytes(&m, &image, NULL), 0);
	assert_int_equal(vd_image_pread(image, &got, 1, 0, NULL), 0);
	/* the file is not looked at again */
	memset(m.bytes + 136 + 48, 0xff, 64);
	assert_int_equal(vd_image_pread(image, &got, 1, BLOCK - 1, NULL), 0);
	assert_int_equal(got, want[BLOCK - 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decompresses_once),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_damaged_index),
		cmocka_unit_test(test_damaged_header),
		cmocka_unit_test(test_decoded_size),
		cmocka_unit_test(test_no_memory_per_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
