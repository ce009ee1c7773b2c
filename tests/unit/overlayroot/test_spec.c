// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of overlayroot's command line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "applets/overlayroot/spec.h"
#include "applets/overlayroot/store/file.h"
#include "applets/overlayroot/store/watch.h"

static void sizes(void **state)
{
	static const struct {
		const char *text;
		bool percent;
		uint64_t value;
	} good[] = { { "1", false, 1 },
		     { "10k", false, 10240 },
		     { "1500m", false, 1572864000 },
		     { "2G", false, 2147483648 },
		     { "1t", false, 1099511627776 },
		     { "75%", true, 75 },
		     { "100%", true, 100 } };
	static const char *const bad[] = { "",		 "0",	"-1",
					   "m",		 "1x",	"1mb",
					   "1 m",	 "0%",	"101%",
					   "1.5g",	 "%",	"+5",
					   " 1",	 "1%%", "99999999999999999999",
					   "9999999999g" };
	struct size_spec size;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(size_parse(good[i].text, &size, NULL), 0);
		assert_true(size.given && size.percent == good[i].percent);
		assert_int_equal(size.value, good[i].value);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(size_parse(bad[i], &size, NULL), -EINVAL);
}

static void uppers(void **state)
{
	struct upper_spec upper;

	assert_int_equal(upper_parse("ram", &upper, NULL), 0);
	assert_true(upper.kind == UPPER_RAM && !upper.size.given && !upper.path);
	assert_int_equal(upper_parse("ram:30%", &upper, NULL), 0);
	assert_true(upper.size.percent && upper.size.value == 30);
	assert_int_equal(upper_parse("file:/a,b,10m", &upper, NULL), 0);
	assert_string_equal(upper.path, "/a,b");
	assert_int_equal(upper.size.value, 10 * MIB);
	free(upper.path);
	assert_int_equal(upper_parse("file:/a,b", &upper, NULL), 0);
	assert_string_equal(upper.path, "/a,b");
	assert_false(upper.size.given);
	free(upper.path);
	assert_int_equal(upper_parse("dir:/a,10m", &upper, NULL), 0);
	assert_string_equal(upper.path, "/a,10m");
	free(upper.path);
	assert_int_equal(upper_parse("device:/dev/sda1", &upper, NULL), 0);
	assert_int_equal(upper.kind, UPPER_DEVICE);
	free(upper.path);
	assert_int_equal(upper_parse("dir:relative", &upper, NULL), -EINVAL);
	assert_int_equal(upper_parse("/dir", &upper, NULL), -EINVAL);
	assert_int_equal(upper_parse("ram:", &upper, NULL), -EINVAL);
	assert_int_equal(upper_parse("", &upper, NULL), -EINVAL);
}

static void check_lowers(const char *text, int count, const char *first, const char *last)
{
	char *lowers[MAX_LOWERS];

	assert_int_equal(lowers_parse(text, lowers, NULL), count);
	if (count < 0)
		return;
	assert_string_equal(lowers[0], first);
	assert_string_equal(lowers[count - 1], last);
	while (count > 0)
		free(lowers[--count]);
}

static void lowers(void **state)
{
	char many[3 * MAX_LOWERS + 8] = "";
	int i;

	check_lowers("/a", 1, "/a", "/a");
	check_lowers("/a:/b:/c", 3, "/a", "/c");
	check_lowers("/a\\:b:/c\\\\", 2, "/a:b", "/c\\");
	check_lowers("/a\\:", 1, "/a:", "/a:");
	check_lowers("/a\\b", 1, "/a\\b", "/a\\b");
	check_lowers("", -EINVAL, NULL, NULL);
	check_lowers(":", -EINVAL, NULL, NULL);
	check_lowers("/a:", -EINVAL, NULL, NULL);
	check_lowers("/a::/b", -EINVAL, NULL, NULL);
	for (i = 0; i < MAX_LOWERS; i++)
		strcat(many, i ? ":/a" : "/b");
	check_lowers(many, MAX_LOWERS, "/b", "/a");
	strcat(many, ":/a");
	check_lowers(many, -EINVAL, NULL, NULL);
}

static void store_sizes(void **state)
{
	const uint64_t fat = 4095 * MIB, any = INT64_MAX;
	struct size_spec none = { 0 }, half = { true, true, 50 }, five = { true, false, 5 * GIB };
	uint64_t size;

	/* 1 GiB, or nine tenths of what there is */
	assert_int_equal(store_file_size(&none, 100 * GIB, any, &size, NULL), 0);
	assert_int_equal(size, GIB);
	assert_int_equal(store_file_size(&none, 100 * MIB, any, &size, NULL), 0);
	assert_int_equal(size, 90 * MIB);
	assert_int_equal(store_file_size(&none, 17 * MIB, any, &size, NULL), -ENOSPC);
	assert_int_equal(store_file_size(&half, 3 * GIB + 12345, any, &size, NULL), 0);
	assert_int_equal(size, 1536 * MIB);
	/* FAT's limit, and still a multiple of 1 MiB */
	assert_int_equal(store_file_size(&five, 100 * GIB, fat, &size, NULL), 0);
	assert_int_equal(size, fat);
	assert_int_equal(store_file_size(&five, 100 * GIB, any, &size, NULL), 0);
	assert_int_equal(size, 5 * GIB);
	assert_int_equal(store_file_size(&five, 5 * GIB, any, &size, NULL), -ENOSPC);
}

static void fullness(void **state)
{
	assert_int_equal(watch_fill(10 * GIB, 100 * GIB), FILL_FINE);
	assert_int_equal(watch_fill(10 * GIB - 1, 100 * GIB), FILL_NEARLY);
	assert_int_equal(watch_fill(3 * GIB, 100 * GIB), FILL_ALMOST);
	assert_int_equal(watch_fill(0, 100 * GIB), FILL_FULL);
	/* what a few metadata blocks keep free is nothing for a file */
	assert_int_equal(watch_fill(20 * KIB, 32 * MIB), FILL_FULL);
	assert_int_equal(watch_pause(0), 500);
	assert_int_equal(watch_pause(GIB), 4096);
	assert_int_equal(watch_pause(1000 * GIB), 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),       cmocka_unit_test(uppers),   cmocka_unit_test(lowers),
		cmocka_unit_test(store_sizes), cmocka_unit_test(fullness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
