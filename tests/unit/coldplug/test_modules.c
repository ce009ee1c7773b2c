// SPDX-License-Identifier: GPL-2.0-or-later
/* Text pieces, settings, and the alias index against a plain walk with fnmatch. */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/coldplug/loadlist.h"
#include "applets/coldplug/modconfig.h"
#include "applets/coldplug/modindex.h"
#include "applets/coldplug/textfile.h"

static char dir[] = "/tmp/test_modules.XXXXXX";

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void test_fold(void **state)
{
	char name[] = "snd-hda-[a-z]-x";

	name_fold(name);
	assert_string_equal(name, "snd_hda_[a-z]_x");
}

static void test_words(void **state)
{
	char text[] = "  one \"two three\"\tx=\"a b\"c  \nnext \\\nline\n\nlast";
	char *cursor = text, *line = text_line(&cursor);

	assert_string_equal(text_word(&line), "one");
	assert_string_equal(text_word(&line), "\"two three\"");
	assert_string_equal(text_word(&line), "x=\"a b\"c");
	assert_null(text_word(&line));
	line = text_line(&cursor);
	assert_string_equal(line, "next   line");
	assert_string_equal(text_line(&cursor), "");
	assert_string_equal(text_line(&cursor), "last");
	assert_null(text_line(&cursor));
}

/* Words of few letters, so that patterns and texts meet often. */
static void random_alias(char *to, const char *letters, unsigned int *seed)
{
	static const char *const buses[] = { "pci:", "usb:", "of:", "acpi*:", "", "virtio:" };
	size_t n = 0, length = (size_t)(rand_r(seed) % 14);

	strcpy(to, buses[rand_r(seed) % 6]);
	for (n = strlen(to); length--; n++)
		to[n] = letters[(size_t)rand_r(seed) % strlen(letters)];
	to[n] = '\0';
}

static void test_index_equals_plain_walk(void **state)
{
	enum { COUNT = 3000 };
	static char pattern[COUNT][64];
	static char text[COUNT * 80];
	unsigned int seed = 20240607;
	struct modindex index;
	size_t at = 0, hits = 0;

	for (int i = 0; i < COUNT; i++) {
		do
			random_alias(pattern[i], "aaaab*?1", &seed);
		while (!pattern[i][0]);
		at += (size_t)sprintf(text + at, "alias %s m%d\n", pattern[i], i);
	}
	put("modules.alias", text);
	assert_int_equal(modindex_open(dir, &index, NULL), 0);
	for (int i = 0; i < 500; i++) {
		const char **names;
		size_t count, n = 0;
		char query[64];

		random_alias(query, "aaab1", &seed);
		assert_int_equal(modindex_match(&index, query, &names, &count), 0);
		for (int j = 0; j < COUNT; j++) {
			char want[16];

			if (fnmatch(pattern[j], query, 0) != 0)
				continue;
			snprintf(want, sizeof(want), "m%d", j);
			assert_true(n < count);
			assert_string_equal(names[n++], want);
		}
		assert_int_equal(n, count);
		hits += count;
		free(names);
	}
	assert_true(hits > 1000);
	modindex_close(&index);
}

static void test_settings(void **state)
{
	struct modconfig config = { 0 };
	char *options;
	size_t at = 0;

	put("x.conf", "# comment\n\noptions snd-x a=1\nblacklist bad-one\nsoftdep a* pre: b\nalias "
		      "my-name real\n");
	assert_int_equal(modconfig_read_file(&config, dir, "x.conf", NULL), 0);
	assert_int_equal(modconfig_read_file(&config, dir, "absent.conf", NULL), 0);
	assert_int_equal(
		modconfig_take_cmdline(&config,
				       strdup("snd-x.b=2 blacklist=p,q a=b.c .x= x. -- z.z=1\n")),
		0);
	options = modconfig_options(&config, "snd_x");
	assert_string_equal(options, "a=1 b=2");
	free(options);
	assert_true(modconfig_is_blacklisted(&config, "bad_one"));
	assert_true(modconfig_is_blacklisted(&config, "q"));
	assert_false(modconfig_is_blacklisted(&config, "z"));
	assert_string_equal(modconfig_next(&config, SETTING_SOFTDEP, "abc", &at)->value, "pre: b");
	options = modconfig_options(&config, "z");
	assert_string_equal(options, "");
	free(options);
	modconfig_free(&config);
}

static void test_circular_softdeps_end(void **state)
{
	struct modconfig config = { 0 };
	struct loadlist list = { 0 };
	struct modindex index;

	put("modules.dep", "k/a.ko: k/c.ko\nk/b.ko.xz: k/missing.ko\nk/c.ko:\n");
	put("modules.softdep",
	    "softdep a pre: b post: a c\nsoftdep b pre: a unknown post: b\nsoftdep c pre: a\n");
	assert_int_equal(modindex_open(dir, &index, NULL), 0);
	assert_int_equal(modconfig_read_file(&config, dir, "modules.softdep", NULL), 0);
	assert_int_equal(loadlist_add(&list, &index, &config, "a"), 0);
	assert_int_equal(list.count, 3);
	loadlist_free(&list);
	modconfig_free(&config);
	modindex_close(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_index_equals_plain_walk),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_circular_softdeps_end),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
