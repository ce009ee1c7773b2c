// SPDX-License-Identifier: GPL-2.0-or-later
/* What is written into a table of a disk is what is read of it: the guard of its host relies on it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include <linux/dm-ioctl.h>

#include "applets/lib/dm.h"

#define DISK	makedev(259, 7)
#define SECTORS 1000u

/* from[i]: where sector i of the disk is on DISK; 0: nowhere */
static void read_back(const struct dm_table *table, uint64_t *from)
{
	const char *at = (const char *)table->buffer + sizeof(struct dm_ioctl);
	struct dm_linear linear;

	for (uint32_t i = 0; i < table->n; i++) {
		const struct dm_target_spec *spec = (const struct dm_target_spec *)at;

		if (dm_linear_parse(spec, &linear) == 1) {
			assert_true(linear.device == DISK);
			for (uint64_t k = 0; k < linear.length; k++)
				from[linear.start + k] = linear.offset + k;
		}
		at += spec->next;
	}
}

static void test_disk(void **state)
{
	static const uint64_t lengths[] = { 1, 7, 8, 9, 16, SECTORS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
		uint64_t from[SECTORS + 8] = { 0 }, n = lengths[i];

		assert_int_equal(dm_table_new(4, &table), 0);
		assert_true(dm_table_disk(&table, 0, n, DISK, 5000));
		if (n < SECTORS)
			assert_true(dm_table_disk(&table, n, SECTORS - n, DISK, 90000));
		read_back(&table, from);
		for (uint64_t k = 0; k < SECTORS; k++)
			assert_int_equal(from[k], k < n ? 5000 + k : 90000 + k - n);
	}
}

/* Zeros, errors, and stripes over several disks are nobody's piece of a disk. */
static void test_others(void **state)
{
	struct {
		struct dm_target_spec spec;
		char params[64];
	} target = { .spec = { .length = 16, .target_type = "striped" } };
	struct dm_linear linear;

	(void)state;
	strcpy(target.params, "2 8 259:7 0 259:8 0");
	assert_int_equal(dm_linear_parse(&target.spec, &linear), 0);
	strcpy(target.params, "1 8 x");
	assert_int_equal(dm_linear_parse(&target.spec, &linear), -EINVAL);
	strcpy(target.spec.target_type, "zero");
	assert_int_equal(dm_linear_parse(&target.spec, &linear), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests_name("dm_table", tests, NULL, NULL);
}
