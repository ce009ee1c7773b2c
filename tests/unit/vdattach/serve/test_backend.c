// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests of a block device: what is flushed, and when; what is told of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

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

/* Makes two requests fail of each kind, the first named kind first. */
static void fail_twice_each(struct backend *backend, struct world *world, bool full_first)
{
	for (int i = 0; i < 4; i++) {
		bool full = (i < 2) == full_first;

		*(full ? &world->fail_in : &world->fail_read_in) = 1;
		assert_int_equal(request(backend, full ? BACKEND_WRITE : BACKEND_READ, false),
				 full ? -ENOSPC : -EIO);
	}
}

/* What was written to file from its beginning: lines, and those among them that have this. */
static void count_lines(FILE *file, const char *part, unsigned int *ret_all, unsigned int *ret_part)
{
	char line[512];

	*ret_all = *ret_part = 0;
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		++*ret_all;
		*ret_part += strstr(line, part) != NULL;
	}
}

/* Each kind of error is told, and only once, whichever comes first. */
static void test_errors_are_told_once(void **state)
{
	for (int full_first = 0; full_first < 2; full_first++) {
		struct world world = { .n = 0 };
		struct vd_image image = { .size = 4096 };
		struct source *disk = world_source(&world, world_add(&world, "disk", 4096), false);
		FILE *told = tmpfile();
		int saved = dup(STDERR_FILENO);
		unsigned int all, full;
		struct backend backend;

		assert_non_null(told);
		dup2(fileno(told), STDERR_FILENO);
		backend_init(&backend, &image, disk);
		fail_twice_each(&backend, &world, full_first);
		dup2(saved, STDERR_FILENO);
		close(saved);
		count_lines(told, "the partition that holds the image is full", &all, &full);
		assert_int_equal(all, 2);
		assert_int_equal(full, 1);
		fclose(told);
		backend_release(&backend);
		source_close(&disk);
		world_release(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_flushes),
					    cmocka_unit_test(test_read_only),
					    cmocka_unit_test(test_errors_are_told_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
