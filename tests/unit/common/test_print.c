// SPDX-License-Identifier: GPL-2.0-or-later
/* Text that others wrote never reaches a terminal or JSON as anything but text. */
#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/print.h"

static char *print(void (*how)(FILE *, const char *), const char *text)
{
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	assert_non_null(f);
	how(f, text);
	assert_int_equal(fclose(f), 0);
	return out;
}

static void assert_prints(const char *text, const char *for_people, const char *json)
{
	char *out = print(print_text, text);

	assert_string_equal(out, for_people);
	free(out);
	out = print(print_json_text, text);
	assert_string_equal(out, json);
	free(out);
}

static void test_escapes(void **state)
{
	assert_prints("", "", "\"\"");
	assert_prints("a \"b\\", "a \"b\\", "\"a \\\"b\\\\\"");
	assert_prints("\x1b[31m\a\n", "\\033[31m\\007\\012", "\"\\u001b[31m\\u0007\\u000a\"");
	assert_prints("Größe 系统盘 😀", "Größe 系统盘 😀", "\"Größe 系统盘 😀\"");
	/* CSI as one character of C1, alone and in UTF-8 */
	assert_prints("\x9b", "\\233", "\"\\ufffd\"");
	assert_prints("\xc2\x9b", "\\302\\233", "\"\xc2\x9b\"");
	/* overlong, a surrogate, beyond Unicode, cut short */
	assert_prints("\xc0\xaf", "\\300\\257", "\"\\ufffd\\ufffd\"");
	assert_prints("\xed\xa0\x80", "\\355\\240\\200", "\"\\ufffd\\ufffd\\ufffd\"");
	assert_prints("\xf4\x90\x80\x80", "\\364\\220\\200\\200",
		      "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	assert_prints("\xe7\xb3", "\\347\\263", "\"\\ufffd\\ufffd\"");
	/* what follows is shown the other way round */
	assert_prints("\xe2\x80\xae"
		      "gpj",
		      "\\342\\200\\256gpj",
		      "\"\xe2\x80\xae"
		      "gpj\"");
}

/* By another's decoder. */
static void assert_utf8(const char *text)
{
	iconv_t cd = iconv_open("UTF-32LE", "UTF-8");
	char out[4096], *to = out, *from = (char *)(uintptr_t)text;
	size_t left = strlen(text), room = sizeof(out);

	assert_ptr_not_equal(cd, (iconv_t)-1);
	assert_int_not_equal(iconv(cd, &from, &left, &to, &room), (size_t)-1);
	assert_int_equal(left, 0);
	iconv_close(cd);
}

static void test_any_bytes(void **state)
{
	uint64_t rng = 1;

	for (unsigned int i = 0; i < 20000; i++) {
		char text[64] = "", small[16];
		char *out;

		for (size_t n = 0; n < sizeof(text) - 1; n++) {
			rng = rng * 6364136223846793005ULL + 1442695040888963407ULL;
			/* half of them as in UTF-8 beyond ASCII */
			text[n] = (char)(rng >> 40 | (rng >> 60 & 1 ? 0x80 : 0));
		}
		out = print(print_text, text);
		assert_utf8(out);
		for (const char *p = out; *p; p++)
			assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
		assert_true(print_to_buffer(small, sizeof(small), text) < sizeof(small));
		assert_memory_equal(small, out, strlen(small));
		assert_utf8(small);
		free(out);
		out = print(print_json_text, text);
		assert_utf8(out);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
