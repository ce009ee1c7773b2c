// SPDX-License-Identifier: GPL-2.0-or-later
/* What decides whether a download may be continued, and how long to wait for the next try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "applets/netfetch/attempt.h"
#include "applets/netfetch/backoff.h"
#include "applets/netfetch/reason.h"
#include "common/macro.h"
#include "common/url.h"

#include <mbedtls/x509_crt.h>

static void ranges_that_fit(void **state)
{
	uint64_t first;
	int64_t size;

	assert_true(version_parse_range("bytes 100-199/200", &first, &size));
	assert_int_equal(first, 100);
	assert_int_equal(size, 200);
	assert_true(version_parse_range("bytes 0-0/*", &first, &size));
	assert_int_equal(size, -1);
}

static void ranges_that_contradict_themselves(void **state)
{
	static const char *const texts[] = {
		"",
		"bytes",
		"bytes 5-4/10",
		"bytes 0-10/10",
		"bytes */10",
		"bytes 1-2/3x",
		"bytes -1-2/3",
		"items 0-1/2",
		"bytes 0-1/",
		"bytes 1 -2/3",
		"bytes 99999999999999999999-2/3",
		"bytes 0-1/99999999999999999999",
	};
	uint64_t first;
	int64_t size;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_false(version_parse_range(texts[i], &first, &size));
}

static void another_version_is_noticed(void **state)
{
	const struct version old = { "\"a\"", "Mon, 01 Jan 2026 00:00:00 GMT", 10 };
	struct version now = old;

	assert_true(version_same(&old, &now));
	now.size = 11;
	assert_true(version_same(&old, &now));
	*now.etag = '\0';
	assert_false(version_same(&old, &now));
	now = (struct version){ "\"b\"", "", 10 };
	assert_false(version_same(&old, &now));
	now = (struct version){ "", "Mon, 01 Jan 2026 00:00:01 GMT", -1 };
	assert_false(version_same(&old, &now));
	now = (struct version){ "", "", -1 };
	assert_true(version_same(&old, &now));
}

/* RFC 9110, 13.1.5: a weak entity tag must not be in If-Range. */
static void a_weak_tag_is_no_validator(void **state)
{
	struct version version = { "W/\"a\"", "yesterday", 1 };

	assert_string_equal(version_validator(&version), "yesterday");
	*version.modified = '\0';
	assert_null(version_validator(&version));
}

static void waits_grow_and_stay_in_their_bounds(void **state)
{
	struct backoff backoff;
	unsigned int most = BACKOFF_FIRST;

	backoff_reset(&backoff);
	for (int i = 0; i < 10; i++) {
		struct backoff other = backoff;
		const unsigned int least = backoff_take(&other, 0);
		const unsigned int longest = backoff_take(&backoff, most / 2);

		assert_int_equal(least, most / 2);
		assert_int_equal(longest, most);
		most = MIN(most * 2, BACKOFF_LAST);
	}
}

static void answers_that_stay(void **state)
{
	assert_true(reason_is_final(404));
	assert_true(reason_is_final(403));
	assert_false(reason_is_final(408));
	assert_false(reason_is_final(429));
	assert_false(reason_is_final(503));
}

static void explain(struct tls_check *check, uint32_t flags, time_t now)
{
	static const struct tls_facts facts = {
		"lab.example", "CN=lab.example", "CN=Lab CA",
		"www.example", "2026-02-01",	 "2027-02-01",
	};

	*check = (struct tls_check){ 0 };
	tls_explain(check, flags, &facts, now);
}

static void certificates_and_clocks(void **state)
{
	struct tls_check check;

	explain(&check, MBEDTLS_X509_BADCERT_FUTURE, 1000000000);
	assert_non_null(strstr(check.reason, "this machine's clock says 2001-09-09"));
	assert_non_null(strstr(check.advice, "set this machine's clock"));
	explain(&check, MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_NOT_TRUSTED,
		2000000000);
	assert_non_null(strstr(check.reason, "expired on 2027-02-01"));
	assert_non_null(strstr(check.advice, "renew"));
	explain(&check, MBEDTLS_X509_BADCERT_NOT_TRUSTED, 2000000000);
	assert_non_null(strstr(check.reason, "unknown issuer"));
	assert_non_null(strstr(check.reason, "CN=Lab CA"));
	explain(&check, MBEDTLS_X509_BADCERT_CN_MISMATCH, 2000000000);
	assert_non_null(strstr(check.reason, "is for www.example, not for 'lab.example'"));
}

static void passwords_are_hidden(void **state)
{
	char text[] = "image=http://u:p1@a/x|ftp://v:p2@b/y http://h:80/u:p@z";
	char shown[URL_SHOWN];

	url_blank(text);
	assert_string_equal(text, "image=http://u:**@a/x|ftp://v:**@b/y http://h:80/u:p@z");
	url_shown("https://u:p@s@h:1/x", shown, sizeof(shown));
	assert_string_equal(shown, "https://u:***@h:1/x");
	url_shown("http://u@h/x\x1b[2J", shown, sizeof(shown));
	assert_string_equal(shown, "http://u@h/x\\033[2J");
	url_server("https://u:p@h:1/x", shown, sizeof(shown));
	assert_string_equal(shown, "h:1");
	url_host("https://u:p@[fd00::2]:1/x", shown, sizeof(shown));
	assert_string_equal(shown, "fd00::2");
}

static void what_is_left(void **state)
{
	struct progress progress = { .began = 100,
				     .done = 60 * MIB,
				     .total = (int64_t)(120 * MIB) };
	char text[160];

	progress_text(&progress, 106, text, sizeof(text));
	assert_string_equal(text, "60 MiB of 120 MiB (50 %), 10 MiB/s, 7 s left");
	progress.total = -1;
	progress_text(&progress, 100, text, sizeof(text));
	assert_string_equal(text, "60 MiB, 60 MiB/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_that_fit),
		cmocka_unit_test(ranges_that_contradict_themselves),
		cmocka_unit_test(another_version_is_noticed),
		cmocka_unit_test(a_weak_tag_is_no_validator),
		cmocka_unit_test(waits_grow_and_stay_in_their_bounds),
		cmocka_unit_test(answers_that_stay),
		cmocka_unit_test(certificates_and_clocks),
		cmocka_unit_test(passwords_are_hidden),
		cmocka_unit_test(what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
