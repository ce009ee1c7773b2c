// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs says of block devices: of this machine's, whichever it has. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "applets/vdattach/source/sysfs.h"

static void test_numbers_of_devices(void **state)
{
	static const struct {
		const char *text;
		unsigned int major_number, minor_number;
		int r;
	} cases[] = {
		{ "8:1", 8, 1, 0 },	  { "259:1048575\n", 259, 1048575, 0 },
		{ "7:0 x", 7, 0, 0 },	  { "", 0, 0, -EINVAL },
		{ "8", 0, 0, -EINVAL },	  { "8:", 0, 0, -EINVAL },
		{ ":1", 0, 0, -EINVAL },  { "8.1", 0, 0, -EINVAL },
		{ "8:x", 0, 0, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		dev_t dev = 0;

		assert_int_equal(parse_devnum(cases[i].text, &dev), cases[i].r);
		assert_int_equal(major(dev), cases[i].major_number);
		assert_int_equal(minor(dev), cases[i].minor_number);
	}
}

static void test_no_such_device(void **state)
{
	char *disk = NULL, text[16];
	uint64_t number = 0;

	assert_int_equal(sysfs_read("no-such-device", "size", text, sizeof(text)), -ENOENT);
	assert_int_equal(sysfs_read_u64("no-such-device", "size", &number), -ENOENT);
	assert_int_equal(sysfs_whole_disk("no-such-device", &disk), -ENODEV);
	assert_null(disk);
}

/* A disk is its own, a partition has one whose name its own begins with. */
static void test_devices(void **state)
{
	DIR *dir = opendir("/sys/class/block");
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *disk = NULL, text[64];
		uint64_t number;

		if (entry->d_name[0] == '.')
			continue;
		/* it may go away meanwhile */
		if (sysfs_whole_disk(entry->d_name, &disk) < 0)
			continue;
		assert_int_equal(strncmp(entry->d_name, disk, strlen(disk)), 0);
		free(disk);
		if (sysfs_read_u64(entry->d_name, "size", &number) == 0)
			assert_int_equal(sysfs_read_u64(entry->d_name, "uevent", &number), -EINVAL);
		if (sysfs_read(entry->d_name, "dev", text, sizeof(text)) == 0)
			assert_null(strchr(text, '\n'));
	}
	closedir(dir);
}

static void test_loops(void **state)
{
	struct loop_info *infos = NULL;
	size_t n = 0;

	assert_int_equal(sysfs_loops(&infos, &n, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(strncmp(infos[i].name, "loop", 4), 0);
		assert_non_null(infos[i].backing_file);
		assert_int_equal(infos[i].size % 512, 0);
		/* by number, not by letters */
		if (i > 0)
			assert_true(atoi(infos[i].name + 4) > atoi(infos[i - 1].name + 4));
	}
	loop_infos_free(infos, n);
	loop_infos_free(NULL, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_of_devices),
		cmocka_unit_test(test_no_such_device),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_loops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
