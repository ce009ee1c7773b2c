// SPDX-License-Identifier: GPL-2.0-or-later
/* Which arrays a list of UUIDs names, and what a superblock of btrfs says of its devices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "applets/findimg/filesystem/btrfs.h"
#include "applets/findimg/raid.h"

static void test_listed(void **state)
{
	const char *uuid = "33221100-7766-5544-bbaa-9988ffeeddcc";

	assert_true(raid_listed("all", uuid));
	assert_true(raid_listed("33221100:77665544:bbaa9988:ffeeddcc", uuid));
	assert_true(raid_listed("1:2,33221100:77665544:BBAA9988:FFEEDDCC", uuid));
	assert_true(raid_listed("1:2 33221100-7766-5544-bbaa-9988ffeeddcc", uuid));
	assert_false(raid_listed("33221100:77665544:bbaa9988", uuid));
	assert_false(raid_listed("33221100:77665544:bbaa9988:ffeeddcc00", uuid));
	assert_false(raid_listed("", uuid));
	assert_false(raid_listed(",", uuid));
	assert_false(raid_listed(":", ""));
}

static void test_part(void **state)
{
	uint8_t super[BTRFS_PART_SIZE] = { 0 };
	struct btrfs_part part;

	assert_int_equal(btrfs_part_of(super, sizeof(super), &part), -EINVAL);
	memcpy(super + 0x40, "_BHRfS_M", 8);
	super[0x88] = 3;
	super[0xc9] = 2;
	assert_int_equal(btrfs_part_of(super, 0xd0, &part), -EINVAL);
	assert_int_equal(btrfs_part_of(super, 0xd1, &part), 0);
	assert_int_equal(part.devices, 3);
	assert_int_equal(part.id, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
