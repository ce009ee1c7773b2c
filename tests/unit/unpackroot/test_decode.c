// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames in a row, cut at every byte and fed in pieces of every size: the data, or an error, never
 * a hang. */
#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "applets/unpackroot/stream/decode.h"

#define TEXT "the quick brown fox jumps over the lazy dog, and again, and again, and again"

struct packed {
	uint8_t data[4096];
	size_t len;
};

struct feed {
	const uint8_t *data;
	size_t len, piece;
	struct blockq *queue;
};

static size_t pack_gzip(uint8_t *out, size_t size)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)TEXT;
	z.avail_in = sizeof(TEXT);
	z.next_out = out;
	z.avail_out = (unsigned int)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_bzip2(uint8_t *out, size_t size)
{
	unsigned int n = (unsigned int)size;
	char text[] = TEXT;

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out, &n, text, sizeof(text), 9, 0, 0),
			 BZ_OK);
	return n;
}

static size_t pack_xz(uint8_t *out, size_t size)
{
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)TEXT,
						 sizeof(TEXT), out, &n, size),
			 LZMA_OK);
	return n;
}

static size_t pack_zstd(uint8_t *out, size_t size)
{
	size_t n = ZSTD_compress(out, size, TEXT, sizeof(TEXT), 3);

	assert_false(ZSTD_isError(n));
	return n;
}

static const struct kind {
	const struct codec *codec;
	size_t (*pack)(uint8_t *out, size_t size);
} kinds[] = { { &codec_gzip, pack_gzip },
	      { &codec_bzip2, pack_bzip2 },
	      { &codec_xz, pack_xz },
	      { &codec_zstd, pack_zstd } };

/* xz wants its padding in fours, and so we give it. */
static void pack_two(const struct kind *kind, size_t padding, struct packed *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->len = kind->pack(ret->data, sizeof(ret->data)) + padding;
	ret->len += kind->pack(ret->data + ret->len, sizeof(ret->data) - ret->len) + padding;
}

static void *feed_main(void *data)
{
	struct feed *f = data;
	size_t at = 0;

	while (at < f->len) {
		struct block *b = blockq_empty(f->queue);

		if (!b)
			break;
		b->len = MIN(f->piece, f->len - at);
		memcpy(b->data, f->data + at, b->len);
		at += b->len;
		blockq_push(f->queue);
	}
	blockq_finish(f->queue, 0);
	return NULL;
}

struct collect {
	struct blockq *queue;
	uint8_t data[4096];
	size_t len;
};

static void *collect_main(void *data)
{
	struct collect *c = data;
	struct block *b;

	while (blockq_full(c->queue, &b) == 0 && b) {
		assert_true(c->len + b->len <= sizeof(c->data));
		memcpy(c->data + c->len, b->data, b->len);
		c->len += b->len;
		blockq_pop(c->queue);
	}
	return NULL;
}

static int decode(const struct codec *codec, const uint8_t *data, size_t len, size_t piece,
		  size_t room, struct collect *out)
{
	const struct codec_limits limits = { .threads = 2, .soft = 64 * MIB, .hard = 64 * MIB };
	struct feed feed = { .data = data, .len = len, .piece = piece };
	_cleanup_error_ struct error *err = NULL;
	pthread_t feeder, collector;
	struct blockq *in, *plain;
	int r;

	memset(out, 0, sizeof(*out));
	assert_int_equal(blockq_new(2, 4096, &in), 0);
	assert_int_equal(blockq_new(2, room, &plain), 0);
	feed.queue = in;
	out->queue = plain;
	assert_int_equal(pthread_create(&feeder, NULL, feed_main, &feed), 0);
	assert_int_equal(pthread_create(&collector, NULL, collect_main, out), 0);
	r = decode_stream(codec, &limits, in, plain, &err);
	pthread_join(feeder, NULL);
	pthread_join(collector, NULL);
	blockq_free(&in);
	blockq_free(&plain);
	assert_true((r < 0) == (err != NULL));
	return r;
}

static void found_by_content(void **state)
{
	struct packed p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		pack_two(&kinds[i], 0, &p);
		assert_ptr_equal(codec_find(p.data, p.len), kinds[i].codec);
		assert_ptr_equal(codec_find(p.data, 2), &codec_none);
	}
	assert_ptr_equal(codec_find((const uint8_t *)"", 0), &codec_none);
}

static void two_frames_in_any_pieces(void **state)
{
	static struct collect out;
	struct packed p;
	size_t i, piece, room, padding;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (padding = 0; padding <= 512; padding += 512)
			for (piece = 1; piece <= 4096; piece *= 16)
				for (room = 1; room <= 4096; room *= 64) {
					pack_two(&kinds[i], padding, &p);
					assert_int_equal(decode(kinds[i].codec, p.data, p.len,
								piece, room, &out),
							 0);
					assert_int_equal(out.len, 2 * sizeof(TEXT));
					assert_memory_equal(out.data + sizeof(TEXT), TEXT,
							    sizeof(TEXT));
				}
}

static void cut_anywhere_is_an_error(void **state)
{
	static struct collect out;
	struct packed p, one;
	size_t i, cut, first;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		pack_two(&kinds[i], 0, &p);
		first = kinds[i].pack(one.data, sizeof(one.data));
		for (cut = 1; cut < p.len; cut++) {
			int r = decode(kinds[i].codec, p.data, cut, 4096, 4096, &out);

			/* between the frames it is a whole file of one frame */
			assert_int_equal(r, cut == first ? 0 : -ENODATA);
		}
	}
}

static void garbage_behind_is_an_error(void **state)
{
	static struct collect out;
	struct packed p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		pack_two(&kinds[i], 8, &p);
		memcpy(p.data + p.len, "this is no frame of any kind", 28);
		assert_int_equal(decode(kinds[i].codec, p.data, p.len + 28, 4096, 4096, &out),
				 -EBADMSG);
	}
}

static void plain_data_passes(void **state)
{
	static struct collect out;
	uint8_t data[300] = { 0 };

	data[299] = 7;
	assert_int_equal(decode(&codec_none, data, sizeof(data), 7, 5, &out), 0);
	assert_int_equal(out.len, sizeof(data));
	assert_memory_equal(out.data, data, sizeof(data));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_content),
		cmocka_unit_test(two_frames_in_any_pieces),
		cmocka_unit_test(cut_anywhere_is_an_error),
		cmocka_unit_test(garbage_behind_is_an_error),
		cmocka_unit_test(plain_data_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
