// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings of modprobe.d, and the order of soft dependencies. */
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
#include "common/modules/index.h"
#include "tests/unit/common/scratch.h"

static void test_settings(void **state)
{
	struct modconfig config = { 0 };
	char *options;
	size_t at = 0;

	scratch_write("x.conf",
		      "# comment\n\noptions snd-x a=1\nblacklist bad-one\nsoftdep a* pre: "
		      "b\nweakdep a c\nalias "
		      "my-name real\n");
	assert_int_equal(modconfig_read_file(&config, ".", "x.conf", NULL), 0);
	assert_int_equal(modconfig_read_file(&config, ".", "absent.conf", NULL), 0);
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

	scratch_write("modules.dep", "k/a.ko: k/c.ko\nk/b.ko.xz: k/missing.ko\nk/c.ko:\n");
	scratch_write(
		"modules.softdep",
		"softdep a pre: b post: a c\nsoftdep b pre: a unknown post: b\nsoftdep c pre: a\n");
	assert_int_equal(modindex_open(".", &index, NULL), 0);
	assert_int_equal(loadlist_add(&list, &index, &config, "a"), 0);
	assert_int_equal(list.count, 3);
	loadlist_free(&list);
	modconfig_free(&config);
	modindex_close(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_circular_softdeps_end),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
