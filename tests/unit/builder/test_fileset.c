// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/builder/fixture.h"

#include <errno.h>

static void expect_order(const struct fileset *set, const char *const *paths)
{
	size_t i = 0;

	for (; paths[i]; i++) {
		assert_true(i < set->entries.len);
		assert_string_equal(((struct fs_entry *)set->entries.items[i])->path, paths[i]);
	}
	assert_int_equal(set->entries.len, i);
}

static const struct fs_entry *find(const struct fileset *set, const char *path)
{
	const struct fs_entry *entry;

	vec_foreach(i, entry, &set->entries)
		if (strcmp(entry->path, path) == 0)
			return entry;
	fail_msg("no '%s'", path);
	return NULL;
}

static struct fs_entry in(enum segment_kind segment, struct fs_entry entry)
{
	entry.segment = segment;
	return entry;
}

static void test_sorted_with_parents(void **state)
{
	struct fileset set = { 0 };

	fixture_add(&set, FILE_OF("usr/lib/b", "b"));
	fixture_add(&set, FILE_OF("a-b/x", "x"));
	fixture_add(&set, FILE_OF("usr/lib/a", "a"));
	fixture_add(&set, FILE_OF("a/x", "x"));
	fixture_add(&set, FILE_OF("init", "#!"));
	fixture_finish(&set);
	expect_order(&set, (const char *const[]){ "a", "a-b", "a-b/x", "a/x", "init", "usr",
						  "usr/lib", "usr/lib/a", "usr/lib/b", NULL });
	assert_int_equal(find(&set, "usr/lib")->kind, ENTRY_DIR);
	assert_int_equal(find(&set, "usr/lib")->mode, 0755);
	assert_int_equal(find(&set, "usr/lib")->nlink, 2);
	assert_int_equal(find(&set, "init")->nlink, 1);
	fileset_release(&set);
}

/* A parent must be unpacked before its first child: it goes to the earliest segment that needs it.
 */
static void test_parents_go_to_first_segment(void **state)
{
	struct fs_entry lib = { .kind = ENTRY_DIR,
				.segment = SEGMENT_STORED,
				.path = (char[]){ "lib" },
				.mode = 0700 };
	struct fileset set = { 0 };

	fixture_add(&set, in(SEGMENT_STORED, FILE_OF("lib/modules/1/a.ko.xz", "x")));
	fixture_add(&set, in(SEGMENT_MODULES, FILE_OF("lib/modules/1/b.ko", "y")));
	fixture_add(&set, in(SEGMENT_BASE, FILE_OF("lib/ld.so", "z")));
	fixture_add(&set, lib);
	fixture_finish(&set);
	assert_int_equal(find(&set, "lib")->segment, SEGMENT_BASE);
	assert_int_equal(find(&set, "lib")->mode, 0700);
	assert_int_equal(find(&set, "lib/modules")->segment, SEGMENT_MODULES);
	assert_int_equal(find(&set, "lib/modules/1")->segment, SEGMENT_MODULES);
	expect_order(&set,
		     (const char *const[]){ "lib", "lib/ld.so", "lib/modules", "lib/modules/1",
					    "lib/modules/1/b.ko", "lib/modules/1/a.ko.xz", NULL });
	fileset_release(&set);
}

/* The cached base segment must keep its bytes when other segments change. */
static void test_numbers_do_not_depend_on_other_segments(void **state)
{
	struct fileset one = { 0 }, two = { 0 };

	fixture_add(&one, FILE_OF("init", "x"));
	fixture_add(&two, FILE_OF("init", "x"));
	fixture_add(&two, in(SEGMENT_EARLY, FILE_OF("kernel/x86/microcode/GenuineIntel.bin", "x")));
	fixture_finish(&one);
	fixture_finish(&two);
	assert_int_equal(find(&one, "init")->ino, find(&two, "init")->ino);
	assert_int_not_equal(find(&two, "init")->ino, find(&two, "kernel")->ino);
	fileset_release(&one);
	fileset_release(&two);
}

static void test_exact_duplicates_are_dropped(void **state)
{
	struct fileset set = { 0 };

	for (int i = 0; i < 3; i++) {
		fixture_add(&set, FILE_OF("etc/a", "same"));
		fixture_add(&set, LINK_OF("etc/l", "a"));
	}
	fixture_add(&set, in(SEGMENT_EARLY, FILE_OF("etc/a", "same")));
	fixture_finish(&set);
	expect_order(&set, (const char *const[]){ "etc", "etc/a", "etc/l", NULL });
	assert_int_equal(find(&set, "etc/a")->segment, SEGMENT_EARLY);
	fileset_release(&set);
}

static void expect_refusal(struct fileset *set, int code, const char *part)
{
	struct error *err = NULL;

	assert_int_equal(fileset_finish(set, &err), -code);
	if (!strstr(error_msg(err), part))
		fail_msg("'%s' does not tell '%s'", error_msg(err), part);
	error_release(&err);
	fileset_release(set);
}

static void test_conflicts(void **state)
{
	struct fileset set = { 0 };
	struct fs_entry host = { .kind = ENTRY_FILE,
				 .path = (char[]){ "etc/a" },
				 .source = (char[]){ "/host/a" } };

	fixture_add(&set, FILE_OF("etc/0", "other"));
	fixture_add(&set, FILE_OF("etc/0", "other"));
	fixture_add(&set, FILE_OF("etc/a", "one"));
	fixture_add(&set, host);
	fixture_add(&set, FILE_OF("etc/z", "last"));
	expect_refusal(&set, EEXIST, "/host/a");
	fixture_add(&set, FILE_OF("bin/sh", "x"));
	fixture_add(&set, LINK_OF("bin", "usr/bin"));
	expect_refusal(&set, ENOTDIR, "'bin' is not a directory");
}

static void test_bad_paths(void **state)
{
	static const char *const bad[] = {
		"", "/etc", "etc/", "a//b", "./a", "a/../b", "..", "a/."
	};
	struct fileset set = { 0 };
	char long_name[300];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fixture_add(&set, (struct fs_entry){ .kind = ENTRY_DIR, .path = strdupa(bad[i]) });
		expect_refusal(&set, EINVAL, "member path");
	}
	memset(long_name, 'n', sizeof(long_name));
	long_name[256] = '\0';
	fixture_add(&set, (struct fs_entry){ .kind = ENTRY_DIR, .path = long_name });
	expect_refusal(&set, EINVAL, "NAME_MAX");
	fixture_add(&set, LINK_OF("link", ""));
	expect_refusal(&set, EINVAL, "target");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted_with_parents),
		cmocka_unit_test(test_parents_go_to_first_segment),
		cmocka_unit_test(test_numbers_do_not_depend_on_other_segments),
		cmocka_unit_test(test_exact_duplicates_are_dropped),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_bad_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
