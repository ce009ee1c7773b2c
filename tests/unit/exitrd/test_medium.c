// SPDX-License-Identifier: GPL-2.0-or-later
/* How a medium is known again: a tree like that of sysfs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/exitrd/medium.h"
#include "tests/unit/common/scratch.h"

static void run(const char *command)
{
	assert_int_equal(system(command), 0);
}

/* usb1 has sda with sda1, usb2 nothing but another serial */
static int usb_tree(void)
{
	int fd;

	run("mkdir -p class/block devices/usb1/1-1/block/sda/sda1 "
	    "devices/usb2/2-1/block/sdb/sdb1 devices/cd/block/sr0 && "
	    "echo VI0001 >devices/usb1/1-1/serial && echo VI0001 >devices/usb2/2-1/serial && "
	    "echo 4096 >devices/usb1/1-1/block/sda/size && "
	    "echo 2048 >devices/usb1/1-1/block/sda/sda1/size && "
	    "echo 64 >devices/usb1/1-1/block/sda/sda1/start && "
	    "cp devices/usb1/1-1/block/sda/sda1/* devices/usb2/2-1/block/sdb/sdb1/ && "
	    "echo 0 >devices/cd/block/sr0/size && "
	    "ln -s ../../devices/usb1/1-1/block/sda class/block/sda && "
	    "ln -s ../../devices/usb1/1-1/block/sda/sda1 class/block/sda1 && "
	    "ln -s ../../devices/usb2/2-1/block/sdb/sdb1 class/block/sdb1 && "
	    "ln -s ../../devices/cd/block/sr0 class/block/sr0");
	fd = open(".", O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	return fd;
}

static void test_read(void **state)
{
	struct medium disk, part, other, cd;
	int sys = usb_tree();

	(void)state;
	assert_int_equal(medium_read(sys, "sda", &disk), 0);
	assert_int_equal(medium_read(sys, "sda1", &part), 0);
	assert_int_equal(medium_read(sys, "sdb1", &other), 0);
	assert_int_equal(medium_read(sys, "sr0", &cd), 0);
	assert_string_equal(part.serial, "VI0001");
	assert_int_equal(part.size, 2048);
	assert_int_equal(part.start, 64);
	/* by another name it is the same; the disk is not its partition; an empty drive is nothing
	 */
	assert_true(medium_is_same(&part, &other));
	assert_false(medium_is_same(&part, &disk));
	assert_false(medium_is_same(&cd, &cd));
	strcpy(other.serial, "VI0002");
	assert_false(medium_is_same(&part, &other));
	assert_true(medium_read(sys, "sdc", &cd) < 0);
	assert_true(medium_read(sys, "../block/sda", &cd) < 0);
	close(sys);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_read) };

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
