// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of a block device: what is flushed, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/image/backend.h"
#include "tests/unit/vdattach/fake/world.h"

static int request(struct backend *backend, enum backend_op op, bool fua)
{
	uint8_t buf[512] = { 1 };

	return backend_request(backend, op, buf, sizeof(buf), 1024, fua);
}

static void test_flushes(void **state)
{
	struct world world = { .n = 0 };
	struct vd_image image = { .size = 4096 };
	struct source *disk = world_source(&world, world_add(&world, "disk", 4096), false);
	struct backend backend;

	backend_init(&backend, &image, disk);
	/* whoever served before may have left something */
	assert_int_equal(request(&backend, BACKEND_FLUSH, false), 0);
	assert_int_equal(world.flushes, 1);
	/* one flush of the disk may come as many */
	for (int i = 0; i < 3; i++)
		assert_int_equal(request(&backend, BACKEND_FLUSH, false), 0);
	assert_int_equal(world.flushes, 1);
	assert_int_equal(request(&backend, BACKEND_WRITE, false), 0);
	assert_int_equal(world.flushes, 1);
	assert_int_equal(request(&backend, BACKEND_READ, false), 0);
	assert_int_equal(request(&backend, BACKEND_FLUSH, false), 0);
	assert_int_equal(world.flushes, 2);
	assert_int_equal(request(&backend, BACKEND_WRITE_ZEROES, true), 0);
	assert_int_equal(world.flushes, 3);
	assert_int_equal(request(&backend, BACKEND_WRITE, true), 0);
	assert_int_equal(world.flushes, 4);
	/* a write that failed may have written a part */
	world.fail_in = 1;
	assert_int_equal(request(&backend, BACKEND_WRITE, false), -ENOSPC);
	assert_int_equal(request(&backend, BACKEND_FLUSH, false), 0);
	assert_int_equal(world.flushes, 5);
	backend_release(&backend);
	source_close(&disk);
	world_release(&world);
}

/* fsync of a file on a CD is an error: "Invalid argument" */
static void test_read_only(void **state)
{
	struct world world = { .n = 0 };
	struct vd_image image = { .size = 4096 };
	struct source *disk = world_source(&world, world_add(&world, "disk", 4096), true);
	struct backend backend;

	backend_init(&backend, &image, disk);
	assert_int_equal(request(&backend, BACKEND_FLUSH, false), 0);
	assert_int_equal(world.flushes, 0);
	backend_release(&backend);
	source_close(&disk);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_flushes),
					    cmocka_unit_test(test_read_only) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
