// SPDX-License-Identifier: GPL-2.0-or-later
/* Decompression that is the program's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "applets/vdattach/codec.h"

#define BLOCK 1024u

struct stream {
	uint8_t bytes[256];
	size_t n;
};

static void append(struct stream *s, const char *bytes, size_t n)
{
	memcpy(s->bytes + s->n, bytes, n);
	s->n += n;
}

/* Each kind of instruction once, counted by hand from the kernel's lzo.rst. want has zeros. */
static size_t put_lzo_instructions(struct stream *s, uint8_t *want)
{
	static const char zeros[64];
	size_t at;

	append(s,
	       "\x16"
	       "abcde",
	       6);			  /* 5 literals */
	append(s, "\x92\0XY", 4);	  /* 5 from 5 back, 2 literals */
	append(s, "\x05\0Z", 3);	  /* 2 from 2 back, 1 literal */
	append(s, "\x40\1", 2);		  /* 3 from 9 back */
	append(s, "\0011234", 5);	  /* 4 literals */
	append(s, "\x20\0\0\xc8\0\0", 6); /* 31 + 2 x 255 + 200 + 2 from 1 back */
	append(s, "\0015678", 5);	  /* 4 literals */
	memcpy(want, "abcdeabcdeXYXYZeXY1234", 22);
	memcpy(want + 15, want + 6, 3);
	memset(want + 22, '4', 743);
	memcpy(want + 765, "5678", 4);
	append(s, "\x20", 1); /* 31 + 64 x 255 + 1 + 2 from 4 back */
	append(s, zeros, sizeof(zeros));
	append(s, "\1\x0c\0", 3);
	for (at = 769; at < 17123; at++)
		want[at] = want[at - 4];
	append(s, "\001wxyz\4\1", 7); /* 4 literals, 3 from 2049 + 5 back */
	memcpy(want + 17123, "wxyz", 4);
	memcpy(want + 17127, want + 17127 - 2054, 3);
	append(s, "\x12\x08\0", 3); /* 4 from 16384 + 2 back */
	memcpy(want + 17130, want + 17130 - 16386, 4);
	append(s, "\x11\0\0", 3); /* the end */
	return 17134;
}

static void test_lzo_instructions(void **state)
{
	static const char before_start[] = "\x12"
					   "a\x40\1\x11\0";
	static uint8_t out[32768], want[32768];
	struct stream s = { .n = 0 };
	size_t got = 0, size = put_lzo_instructions(&s, want);

	assert_int_equal(vd_lzo_decode(s.bytes, s.n, out, sizeof(out), &got), 0);
	assert_int_equal(got, size);
	assert_memory_equal(out, want, got);
	/* cut anywhere, or without room */
	for (size_t n = 0; n < s.n; n++)
		assert_int_equal(vd_lzo_decode(s.bytes, n, out, sizeof(out), &got), -EINVAL);
	for (size_t n = 0; n < size; n += 97)
		assert_int_equal(vd_lzo_decode(s.bytes, s.n, out, n, &got), -E2BIG);
	assert_int_equal(vd_lzo_decode((const uint8_t *)before_start, sizeof(before_start), out,
				       sizeof(out), &got),
			 -EINVAL);
}

static void test_lz4_limits(void **state)
{
	static const uint8_t before_start[] = { 0x10, 'a', 2, 0 },
			     no_distance[] = { 0x10, 'a', 0, 0 };
	static const uint8_t cut[] = { 0xf0 }, long_literals[] = { 0x50, 'a' };
	static const uint8_t bomb[] = { 0x1f, 'a', 1, 0, 255, 255, 255, 255, 255, 0 };
	uint8_t out[BLOCK];
	size_t got = 0;

	assert_int_equal(vd_decode_lz4(before_start, 4, out, BLOCK, &got, NULL), -EINVAL);
	assert_int_equal(vd_decode_lz4(no_distance, 4, out, BLOCK, &got, NULL), -EINVAL);
	assert_int_equal(vd_decode_lz4(cut, 1, out, BLOCK, &got, NULL), -EINVAL);
	assert_int_equal(vd_decode_lz4(long_literals, 2, out, BLOCK, &got, NULL), -EINVAL);
	assert_int_equal(vd_decode_lz4(bomb, sizeof(bomb), out, BLOCK, &got, NULL), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lzo_instructions),
		cmocka_unit_test(test_lz4_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
