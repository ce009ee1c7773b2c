// SPDX-License-Identifier: GPL-2.0-or-later
/* The lists of what is saved, as Tiny Core's users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "applets/packroot/lists.h"

static void test_parse(void **state)
{
	char text[] =
		"# comment\n\n  opt\t\n./home/tc/\r\n/etc/passwd\n//\nwith blank/x \n #x\nlast";
	struct list list;

	assert_int_equal(list_parse(text, &list), 0);
	assert_int_equal(list.count, 5);
	assert_string_equal(list.items[0], "opt");
	assert_string_equal(list.items[1], "/home/tc");
	assert_string_equal(list.items[2], "/etc/passwd");
	assert_string_equal(list.items[3], "with blank/x");
	assert_string_equal(list.items[4], "last");
	list_release(&list);
	assert_int_equal(list.count, 0);
}

static void test_parse_nothing(void **state)
{
	char text[] = "\n \n#\n";
	struct list list;

	assert_int_equal(list_parse(text, &list), 0);
	assert_int_equal(list.count, 0);
	list_release(&list);
}

static void test_excludes(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool excluded;
	} cases[] = {
		{ "*.bak", "home/u/x.bak", true },
		{ "*.bak", "home/u/x.bak/below", true },
		{ "*.bak", "home/u/x.bakery", false },
		{ "Cache", "home/u/.mozilla/Cache/1", true },
		{ "Cache", "home/u/MyCache", false },
		{ "home/tc/.cache", "home/tc/.cache", true },
		{ "home/tc/.cache", "old/home/tc/.cache/x", true },
		{ "/home/tc/.cache", "old/home/tc/.cache/x", false },
		{ "/home/tc/.cache", "home/tc/.cache/x", true },
		{ "home/*/x", "home/a/b/x", true },
		{ "[ab].log", "var/a.log", true },
		{ "[ab].log", "var/c.log", false },
		{ "etc", "etc", true },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64];
		struct list list;

		snprintf(text, sizeof(text), "%s\n", cases[i].pattern);
		assert_int_equal(list_parse(text, &list), 0);
		if (list_excludes(&list, cases[i].path) != cases[i].excluded)
			fail_msg("'%s' on '%s'", cases[i].pattern, cases[i].path);
		list_release(&list);
	}
}

static void test_no_file(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct list list;

	assert_true(list_read(-1, "/no/such/list", &list, &err) < 0);
	assert_non_null(strstr(error_msg(err), "/no/such/list"));
	error_release(&err);
	assert_true(list_read(-1, "/", &list, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_nothing),
		cmocka_unit_test(test_excludes),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
