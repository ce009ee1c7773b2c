// SPDX-License-Identifier: GPL-2.0-or-later
/* What discard and write-zeroes do to the file: test_*_crash.c say what the guest reads. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vhd/vhd_disks.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"

#define FILE_SIZE (MIB + 512)

/* A file of 0x5a. */
static struct source *make_file(char *path)
{
	static uint8_t bytes[FILE_SIZE];
	struct source *source = NULL;
	int fd = mkstemp(path);

	memset(bytes, 0x5a, sizeof(bytes));
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(fsync(fd), 0);
	close(fd);
	assert_int_equal(source_file_open(path, false, &source, NULL), 0);
	return source;
}

/* Whether all n bytes at offset are value. */
static bool is_all(struct source *source, uint8_t value, uint64_t offset, size_t n)
{
	static uint8_t buf[FILE_SIZE];

	assert_int_equal(source_pread(source, buf, n, offset, NULL), 0);
	return buf[0] == value && memcmp(buf, buf + 1, n - 1) == 0;
}

static blkcnt_t blocks_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_blocks;
}

static void test_file_gives_space_back(void **state)
{
	char path[] = "/tmp/test_discard.XXXXXX";
	_cleanup_source_ struct source *source = make_file(path);
	blkcnt_t before = blocks_of(path);

	assert_int_equal(source_discard(source, FILE_SIZE, 0, NULL), 0);
	assert_true(blocks_of(path) <= before - (blkcnt_t)(MIB / 512));
	assert_true(is_all(source, 0, 0, MIB));
	/* less than a block of the file system would only be written */
	assert_true(is_all(source, 0x5a, MIB, 512));
	assert_int_equal(source->size, FILE_SIZE);
	unlink(path);
}

static void test_file_zeroes_to_the_byte(void **state)
{
	char path[] = "/tmp/test_discard.XXXXXX";
	_cleanup_source_ struct source *source = make_file(path);

	assert_int_equal(source_write_zeroes(source, MIB / 2, 777, NULL), 0);
	assert_true(is_all(source, 0x5a, 0, 777));
	assert_true(is_all(source, 0, 777, MIB / 2));
	assert_true(is_all(source, 0x5a, 777 + MIB / 2, FILE_SIZE - 777 - MIB / 2));
	assert_int_equal(source_write_zeroes(source, 2, FILE_SIZE - 1, NULL), -ERANGE);
	assert_int_equal(source_discard(source, 2, FILE_SIZE - 1, NULL), -ERANGE);
	unlink(path);
}

static void test_read_only_file_is_left_alone(void **state)
{
	char path[] = "/tmp/test_discard.XXXXXX";
	struct source *source = make_file(path);

	source_close(&source);
	assert_int_equal(source_file_open(path, true, &source, NULL), 0);
	assert_int_equal(source_discard(source, MIB, 0, NULL), -EROFS);
	assert_int_equal(source_write_zeroes(source, MIB, 0, NULL), -EROFS);
	assert_true(is_all(source, 0x5a, 0, FILE_SIZE));
	source_close(&source);
	unlink(path);
}

/* A differencing VHD over a dynamic one, which has block 1. */
static void make_chain(struct world *world)
{
	vhd_add(world, "image.vhd", &child);
	vhd_add(world, "base.vhd", &dynamic);
	vhd_put_block(world, 1, &dynamic, 1, 0xff, 0x55);
	world->holes = true;
}

struct chain {
	struct world world;
	struct vd_resolver resolver;
	struct vd_image *image;
	struct source *disk;
};

static void chain_open(struct chain *c)
{
	_cleanup_error_ struct error *err = NULL;

	make_chain(&c->world);
	c->resolver = world_resolver(&c->world);
	if (world_open(&c->world, &c->resolver, false, &c->image, &err) < 0)
		fail_msg("%s", error_msg(err));
	assert_int_equal(vd_image_view(c->image, &c->disk, NULL), 0);
}

static void chain_close(struct chain *c)
{
	source_close(&c->disk);
	vd_image_close(&c->image);
	world_release(&c->world);
}

static void test_zeros_over_zeros_take_no_space(void **state)
{
	struct chain c = { .image = NULL };
	uint64_t size;

	chain_open(&c);
	size = c.world.files[0].now.size;
	assert_int_equal(source_write_zeroes(c.disk, BLOCK, 0, NULL), 0);
	assert_int_equal(source_write_zeroes(c.disk, SIZE - 2 * BLOCK, 2 * BLOCK, NULL), 0);
	assert_int_equal(c.world.files[0].now.size, size);
	chain_close(&c);
}

static void test_zeros_hide_the_parent(void **state)
{
	struct chain c = { .image = NULL };
	uint64_t size;

	chain_open(&c);
	size = c.world.files[0].now.size;
	assert_true(is_all(c.disk, 0x55, BLOCK, BLOCK));
	/* a discard may leave what was there: nothing is written to hide it */
	assert_int_equal(source_discard(c.disk, SIZE, 0, NULL), 0);
	assert_int_equal(c.world.files[0].now.size, size);
	assert_int_equal(source_write_zeroes(c.disk, SIZE, 0, NULL), 0);
	assert_true(is_all(c.disk, 0, 0, SIZE));
	chain_close(&c);
}

static void test_discarded_block_keeps_its_place(void **state)
{
	static uint8_t data[BLOCK];
	struct chain c = { .image = NULL };
	struct vd_extent before, after;

	chain_open(&c);
	memset(data, 0x77, sizeof(data));
	assert_int_equal(source_pwrite(c.disk, data, sizeof(data), 3 * BLOCK, NULL), 0);
	assert_int_equal(vd_image_extent(c.image, 3 * BLOCK, &before, NULL), 0);
	assert_int_equal(source_discard(c.disk, SIZE, 0, NULL), 0);
	assert_true(is_all(c.disk, 0, 3 * BLOCK, BLOCK));
	assert_int_equal(vd_image_extent(c.image, 3 * BLOCK, &after, NULL), 0);
	assert_int_equal(after.kind, VD_EXTENT_DATA);
	assert_int_equal(after.host_offset, before.host_offset);
	chain_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_gives_space_back),
		cmocka_unit_test(test_file_zeroes_to_the_byte),
		cmocka_unit_test(test_read_only_file_is_left_alone),
		cmocka_unit_test(test_zeros_over_zeros_take_no_space),
		cmocka_unit_test(test_zeros_hide_the_parent),
		cmocka_unit_test(test_discarded_block_keeps_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
