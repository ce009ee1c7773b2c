// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "builder/util/diag.h"
#include "builder/util/suggest.h"

/* What diag_print writes; owned by the caller. */
static char *printed(struct diag *d)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	diag_print(d, f);
	fclose(f);
	diag_release(d);
	return text;
}

static void assert_prints(struct diag *d, const char *expected)
{
	char *text = printed(d);

	assert_string_equal(text, expected);
	free(text);
}

static void test_form(void **state)
{
	struct diag d = { 0 };
	struct srcloc loc = { "a.profile", 12, 9 };

	diag_add(&d, DIAG_ERROR, loc, "include modulx", "module NAME...", "unknown '%s'", "modulx");
	assert_int_equal(d.errors, 1);
	assert_prints(&d, "a.profile:12:9: error: unknown 'modulx'\n"
			  "  include modulx\n"
			  "          ^\n"
			  "  expected: module NAME...\n");
}

static void test_sorted_by_place(void **state)
{
	struct diag d = { 0 };

	diag_add(&d, DIAG_WARNING, (struct srcloc){ "b", 1, 1 }, NULL, NULL, "fourth");
	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 2, 1 }, NULL, NULL, "second");
	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 2, 1 }, NULL, NULL, "third");
	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 0, 0 }, NULL, NULL, "first");
	assert_int_equal(d.errors, 3);
	assert_prints(&d, "a: error: first\n"
			  "a:2:1: error: second\n"
			  "a:2:1: error: third\n"
			  "b:1:1: warning: fourth\n");
}

static void test_caret_under_tabs_and_utf8(void **state)
{
	struct diag d = { 0 };

	/* the second word begins at byte 7: tab, "äö" in 4 bytes, tab */
	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 1, 7 }, "\t\xc3\xa4\xc3\xb6\tx", NULL, "m");
	assert_prints(&d, "a:1:7: error: m\n  \t\xc3\xa4\xc3\xb6\tx\n  \t  \t^\n");
}

static void test_control_characters_stay_off_the_terminal(void **state)
{
	struct diag d = { 0 };

	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 1, 2 }, "a\x1b[31m\x7f", NULL, "m");
	assert_prints(&d, "a:1:2: error: m\n  a?[31m?\n   ^\n");
}

static void test_long_line_is_cut_around_the_caret(void **state)
{
	char line[10001];
	struct diag d = { 0 };
	char *text, *source, *caret;

	memset(line, 'x', sizeof(line) - 1);
	line[10000] = '\0';
	line[5000] = 'Y';
	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 1, 5001 }, line, NULL, "m");
	text = printed(&d);
	source = strchr(text, '\n') + 1;
	caret = strchr(source, '\n') + 1;
	assert_true(strlen(text) < 500);
	assert_int_equal(strchr(source, 'Y') - source, strchr(caret, '^') - caret);
	free(text);
}

static void test_caret_past_the_end(void **state)
{
	struct diag d = { 0 };

	diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", 1, 99 }, "ab", NULL, "m");
	assert_prints(&d, "a:1:99: error: m\n  ab\n    ^\n");
}

static void test_many_are_counted_not_printed(void **state)
{
	struct diag d = { 0 };
	char *text;

	for (unsigned i = 1; i <= 60; i++)
		diag_add(&d, DIAG_ERROR, (struct srcloc){ "a", i, 1 }, NULL, NULL, "m");
	text = printed(&d);
	assert_non_null(strstr(text, "a:50:1: error: m\n... and 10 more problems\n"));
	assert_null(strstr(text, "a:51"));
	free(text);
}

static void test_distance(void **state)
{
	assert_int_equal(suggest_distance("", ""), 0);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_int_equal(suggest_distance("modulx", "module"), 1);
	assert_int_equal(suggest_distance("hsot", "host"), 1);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
	assert_int_equal(suggest_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a"), 32);
}

static void test_suggest(void **state)
{
	static const char *const words[] = { "module", "mode", "host", "p", NULL };

	assert_string_equal(suggest("modulx", suggest_from_array, words), "module");
	assert_string_equal(suggest("hsot", suggest_from_array, words), "host");
	assert_null(suggest("frobnicate", suggest_from_array, words));
	/* everything is near to a word of one or two letters */
	assert_null(suggest("x", suggest_from_array, words));
	assert_null(suggest("", suggest_from_array, words));
	/* and two edits make another word of a short one: foo, root */
	assert_null(suggest("moot", suggest_from_array, words));
	assert_null(suggest("hot?", suggest_from_array, words));
	assert_string_equal(suggest_phrase("modulx", suggest_from_array, words).text,
			    " (did you mean 'module'?)");
	assert_string_equal(suggest_phrase("zzzzz", suggest_from_array, words).text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_sorted_by_place),
		cmocka_unit_test(test_caret_under_tabs_and_utf8),
		cmocka_unit_test(test_control_characters_stay_off_the_terminal),
		cmocka_unit_test(test_long_line_is_cut_around_the_caret),
		cmocka_unit_test(test_caret_past_the_end),
		cmocka_unit_test(test_many_are_counted_not_printed),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_suggest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
