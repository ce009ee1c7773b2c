// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of modules and depmod's text indexes; the alias index against a plain walk with fnmatch. */
#include <errno.h>
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

#include "common/modules/index.h"
#include "common/modules/line.h"
#include "common/modules/name.h"
#include "tests/unit/common/scratch.h"

static const char dep[] =
	"kernel/net/virtio-net.ko.xz: kernel/core/failover.ko.xz kernel/core/ring.ko.xz\n"
	"kernel/core/failover.ko.xz:\n"
	"kernel/core/ring.ko.xz:\n"
	"updates/ring.ko: kernel/core/failover.ko.xz\n"
	"extra/plain.ko: kernel/core/ring.ko.xz\n";

static void parse(struct modindex *index, const char *dep_text, const char *builtin)
{
	*index = (struct modindex){ 0 };
	assert_int_equal(modindex_parse(index, strdup(dep_text), strlen(dep_text),
					builtin ? strdup(builtin) : NULL),
			 0);
}

static void name_is_what_libkmod_takes_from_a_path(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "kernel/drivers/net/virtio-net.ko.xz", "virtio_net" },
		{ "a.ko.zst", "a" },
		{ "/lib/modules/1-2/x-y.ko.gz", "x_y" },
		{ "virtio-blk", "virtio_blk" },
		{ "odd.part.ko", "odd" },
		{ "", NULL },
		{ "dir/", NULL },
		{ "dir/.ko", NULL },
	};
	char name[MODULE_NAME_SIZE], small[4];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *path = cases[i].path;

		assert_int_equal(module_name(path, strlen(path), name, sizeof(name)),
				 cases[i].name != NULL);
		if (cases[i].name)
			assert_string_equal(name, cases[i].name);
	}
	assert_false(module_name("abcd.ko", 7, small, sizeof(small)));
	assert_true(module_name("abc.ko", 6, small, sizeof(small)));
}

static void finds_modules_by_name_and_path(void **state)
{
	struct modindex index;

	parse(&index, dep, "kernel/a/virtio-pci.ko\nkernel/b/ring.ko\n");
	assert_int_equal(index.count, 4);
	assert_int_equal(index.builtin_count, 2);
	assert_ptr_equal(modindex_find(&index, "virtio-net"), modindex_find(&index, "virtio_net"));
	assert_string_equal(modindex_find(&index, "failover")->deps, "");
	assert_string_equal(modindex_find_path(&index, "kernel/core/plain.ko.xz", 23)->path,
			    "extra/plain.ko");
	assert_null(modindex_find(&index, "virtio"));
	assert_null(modindex_find(&index, ""));
	/* of several the one in updates/, and that before a built-in one */
	assert_string_equal(modindex_find(&index, "ring")->path, "updates/ring.ko");
	assert_null(modindex_find(&index, "virtio-pci")->path);
	for (size_t i = 0; i < index.count + index.builtin_count; i++)
		assert_int_equal(index.modules[i].index, i);
	modindex_close(&index);
}

static void the_last_line_needs_no_newline(void **state)
{
	struct modindex index;

	parse(&index, "a.ko:\nb.ko: a.ko", "c.ko");
	assert_string_equal(modindex_find(&index, "b")->deps, "a.ko");
	assert_non_null(modindex_find(&index, "c"));
	modindex_close(&index);
	parse(&index, "", NULL);
	assert_int_equal(index.count, 0);
	assert_null(modindex_find(&index, "a"));
	modindex_close(&index);
}

static void a_line_that_is_none_is_named_and_passed_over(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {
		{ "no colon\nb.ko:\n", 1 },	{ ": x\nb.ko:\n", 1 }, { "b.ko:\nREADME: b\n", 2 },
		{ "b.ko:\n\n#x\na/.ko:\n", 4 }, { "b.ko:", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct modindex index;

		parse(&index, cases[i].text, NULL);
		assert_int_equal(index.no_line, cases[i].line);
		assert_int_equal(index.count, 1);
		assert_non_null(modindex_find(&index, "b"));
		modindex_close(&index);
	}
}

/* All that the lines about a module list, as "LIST:NAME " */
static void assert_listed(const struct dependency_lines *lines, enum dependency_list list,
			  const char *name, const char *expected)
{
	static const char letters[] = "-<>w";
	const struct module_dependency *line;
	char text[256] = "";
	size_t at = 0, used = 0;

	while ((line = dependency_lines_next(lines, name, &at))) {
		struct dependency_cursor cursor = { .rest = line->value, .list = list };
		struct line_part part;

		used += (size_t)sprintf(text + used, "|");
		while (dependency_next(&cursor, &part))
			used += (size_t)sprintf(text + used, "%c%.*s", letters[cursor.list],
						(int)part.len, part.text);
	}
	assert_string_equal(text, expected);
}

static void soft_dependencies_by_line_and_list(void **state)
{
	struct dependency_lines lines = { 0 };

	assert_int_equal(dependency_lines_parse(
				 &lines, "softdep",
				 strdup("# comment\nsoftdep virtio-net pre: a b post: c-d\n"
					"softdep other pre: x\nsoftdep virtio_* pre: \\\n d\n"
					"softdep cifs ecb\nalias x y\nsoftdep\nsoftdep none")),
			 0);
	assert_listed(&lines, DEPENDENCY_NONE, "virtio_net", "|<a<b>c-d|<d");
	assert_listed(&lines, DEPENDENCY_NONE, "virtio_blk", "|<d");
	/* without "pre:" or "post:" modprobe loads nothing */
	assert_listed(&lines, DEPENDENCY_NONE, "cifs", "|");
	assert_listed(&lines, DEPENDENCY_NONE, "none", "|");
	assert_listed(&lines, DEPENDENCY_NONE, "ext4", "");
	free(lines.lines);
	free(lines.text);
}

static void weak_dependencies_are_a_list_from_the_beginning(void **state)
{
	struct dependency_lines lines = { 0 };

	assert_int_equal(dependency_lines_parse(
				 &lines, "weakdep",
				 strdup("# comment\nweakdep virtio-net a b\nsoftdep virtio_net x\n"
					"weakdep virtio_net c\nweakdep other\nweakdep\n")),
			 0);
	assert_listed(&lines, DEPENDENCY_WEAK, "virtio_net", "|wawb|wc");
	assert_listed(&lines, DEPENDENCY_WEAK, "other", "|");
	free(lines.lines);
	free(lines.text);
}

static void an_alias_may_have_blanks(void **state)
{
	static const char line[] = "alias dmi*:svnDell Inc.:pn* \tdell-thing ";
	struct line_part pattern, module;

	assert_true(line_split_alias(line, strlen(line), &pattern, &module));
	assert_int_equal(pattern.len, strlen("dmi*:svnDell Inc.:pn*"));
	assert_memory_equal(pattern.text, "dmi*:svnDell Inc.:pn*", pattern.len);
	assert_int_equal(module.len, strlen("dell-thing"));
	assert_memory_equal(module.text, "dell-thing", module.len);
	assert_false(line_split_alias("alias", 5, &pattern, &module));
	assert_false(line_split_alias("alias x", 7, &pattern, &module));
	assert_false(line_split_alias("aliases x y", 11, &pattern, &module));
}

static void all_indexes_of_a_directory(void **state)
{
	const char **names;
	struct modindex index;
	size_t count;

	scratch_write("modules.dep", "a.ko:\n");
	scratch_write("modules.builtin", "b.ko\n");
	scratch_write("modules.softdep", "softdep a pre: b\n");
	scratch_write("modules.weakdep", "weakdep a c\n");
	scratch_write("modules.alias", "alias dmi*:svnDell Inc.:* a\nalias fs-x b\n");
	assert_int_equal(modindex_open(".", &index, NULL), 0);
	assert_non_null(index.dep_text);
	assert_listed(&index.softdeps, DEPENDENCY_NONE, "a", "|<b");
	assert_listed(&index.weakdeps, DEPENDENCY_WEAK, "a", "|wc");
	assert_int_equal(modindex_match(&index, "dmi:bvn:svnDell Inc.:pnX", &names, &count), 0);
	assert_int_equal(count, 1);
	assert_string_equal(names[0], "a");
	free(names);
	modindex_close(&index);
	assert_int_equal(modindex_open("/nonexistent", &index, NULL), 0);
	assert_null(index.dep_text);
	assert_null(modindex_find(&index, "a"));
	modindex_close(&index);
}

static void folds_but_not_in_brackets(void **state)
{
	char name[] = "snd-hda-[a-z]-x";

	module_name_fold(name);
	assert_string_equal(name, "snd_hda_[a-z]_x");
}

static void words_and_lines(void **state)
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

static void alias_index_equals_a_plain_walk(void **state)
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
	scratch_write("modules.alias", text);
	assert_int_equal(modindex_open(".", &index, NULL), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_is_what_libkmod_takes_from_a_path),
		cmocka_unit_test(finds_modules_by_name_and_path),
		cmocka_unit_test(the_last_line_needs_no_newline),
		cmocka_unit_test(a_line_that_is_none_is_named_and_passed_over),
		cmocka_unit_test(soft_dependencies_by_line_and_list),
		cmocka_unit_test(weak_dependencies_are_a_list_from_the_beginning),
		cmocka_unit_test(an_alias_may_have_blanks),
		cmocka_unit_test(all_indexes_of_a_directory),
		cmocka_unit_test(folds_but_not_in_brackets),
		cmocka_unit_test(words_and_lines),
		cmocka_unit_test(alias_index_equals_a_plain_walk),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
