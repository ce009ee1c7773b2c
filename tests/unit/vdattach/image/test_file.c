// SPDX-License-Identifier: GPL-2.0-or-later
/* A real file as a source: to the byte, and no other program writes it at the same time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/source/source.h"

enum { BLOCK = 4096, SIZE = 5 * BLOCK + 100 };

struct disk {
	char directory[64], path[96];
	struct source *source;
};

static int disk_setup(void **state)
{
	struct disk *d = calloc(1, sizeof(*d));
	uint8_t bytes[SIZE];
	int fd;

	memset(bytes, 0x55, sizeof(bytes));
	strcpy(d->directory, "/tmp/file-XXXXXX");
	assert_non_null(mkdtemp(d->directory));
	snprintf(d->path, sizeof(d->path), "%s/image", d->directory);
	fd = open(d->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, bytes, SIZE), SIZE);
	close(fd);
	*state = d;
	return source_file_open(d->path, false, &d->source, NULL);
}

static int disk_teardown(void **state)
{
	struct disk *d = *state;

	source_close(&d->source);
	unlink(d->path);
	rmdir(d->directory);
	free(d);
	return 0;
}

static void assert_bytes(struct disk *d, uint64_t from, uint64_t to, uint8_t byte)
{
	uint8_t got;

	for (; from < to; from++) {
		assert_int_equal(source_pread(d->source, &got, 1, from, NULL), 0);
		if (got != byte)
			fail_msg("byte %llu is %02x", (unsigned long long)from, got);
	}
}

static void test_what_is_no_image(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct source *source = NULL;
	struct disk *d = *state;
	int ends[2];

	assert_int_equal(source_file_open(d->directory, true, &source, &err), -EINVAL);
	assert_non_null(strstr(error_msg(err), "neither a regular file nor a block device"));
	assert_int_equal(source_file_open("/dev/null", true, &source, NULL), -EINVAL);
	assert_int_equal(source_file_open("/nowhere", true, &source, NULL), -ENOENT);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(source_file_adopt(ends[0], "pipe", true, &source, NULL), -EINVAL);
	/* it was taken */
	assert_int_equal(fcntl(ends[0], F_GETFD), -1);
	close(ends[1]);
}

static void test_zeros_to_the_byte(void **state)
{
	struct disk *d = *state;

	assert_int_equal(source_write_zeroes(d->source, BLOCK + 20, BLOCK - 10, NULL), 0);
	assert_bytes(d, 0, BLOCK - 10, 0x55);
	assert_bytes(d, BLOCK - 10, 2 * BLOCK + 10, 0);
	assert_bytes(d, 2 * BLOCK + 10, SIZE, 0x55);
	assert_int_equal(d->source->size, SIZE);
}

/* A hint: only whole blocks of the file system are given back, none beside. */
static void test_discard_touches_nothing_else(void **state)
{
	struct disk *d = *state;

	assert_int_equal(source_discard(d->source, 2 * BLOCK + 20, BLOCK - 10, NULL), 0);
	assert_bytes(d, 0, BLOCK, 0x55);
	assert_bytes(d, BLOCK, 3 * BLOCK, 0);
	assert_bytes(d, 3 * BLOCK, SIZE, 0x55);
	/* less than a block */
	assert_int_equal(source_discard(d->source, BLOCK - 2, 3 * BLOCK + 1, NULL), 0);
	assert_int_equal(source_discard(d->source, BLOCK, 3 * BLOCK + 1, NULL), 0);
	assert_bytes(d, 3 * BLOCK, SIZE, 0x55);
}

static void test_extents(void **state)
{
	struct source_extent extent = { .length = 0 };
	struct disk *d = *state;

	assert_int_equal(source_resize(d->source, 64 * BLOCK, NULL), 0);
	assert_int_equal(source_discard(d->source, BLOCK, BLOCK, NULL), 0);
	assert_int_equal(d->source->ops->extent(d->source, 10, &extent), 0);
	assert_false(extent.zero);
	assert_true(extent.length >= BLOCK - 10);
	assert_int_equal(d->source->ops->extent(d->source, BLOCK + 10, &extent), 0);
	assert_true(!extent.zero || extent.length == BLOCK - 10);
}

static void test_size(void **state)
{
	struct disk *d = *state;
	struct stat st;
	uint8_t byte = 1;

	assert_int_equal(source_resize(d->source, SIZE + 1, NULL), 0);
	assert_int_equal(d->source->size, SIZE + 1);
	assert_bytes(d, SIZE, SIZE + 1, 0);
	assert_int_equal(source_pwrite(d->source, &byte, 1, SIZE, NULL), 0);
	assert_int_equal(source_resize(d->source, BLOCK, NULL), 0);
	assert_int_equal(stat(d->path, &st), 0);
	assert_int_equal(st.st_size, BLOCK);
	assert_int_equal(source_resize(d->source, SIZE, NULL), 0);
	assert_bytes(d, BLOCK, SIZE, 0);
}

/* Somebody cut it: no bytes that are not there. */
static void test_file_became_shorter(void **state)
{
	struct disk *d = *state;
	uint8_t bytes[10];

	assert_int_equal(truncate(d->path, SIZE - 5), 0);
	assert_int_equal(source_pread(d->source, bytes, 10, SIZE - 15, NULL), 0);
	assert_int_equal(source_pread(d->source, bytes, 10, SIZE - 14, NULL), -EIO);
}

static void assert_locks(struct disk *d, bool first, bool second, int r)
{
	struct source *one = NULL, *other = NULL;

	assert_int_equal(source_file_open(d->path, first, &one, NULL), 0);
	assert_int_equal(source_file_open(d->path, second, &other, NULL), 0);
	assert_int_equal(source_file_lock(one, NULL), 0);
	assert_int_equal(source_file_lock(other, NULL), r);
	source_close(&one);
	assert_int_equal(source_file_lock(other, NULL), 0);
	source_close(&other);
}

static void test_locks(void **state)
{
	struct disk *d = *state;

	assert_locks(d, true, true, 0);
	assert_locks(d, true, false, -EBUSY);
	assert_locks(d, false, true, -EBUSY);
	assert_locks(d, false, false, -EBUSY);
}

#define disk_test(name) cmocka_unit_test_setup_teardown(name, disk_setup, disk_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		disk_test(test_what_is_no_image),
		disk_test(test_zeros_to_the_byte),
		disk_test(test_discard_touches_nothing_else),
		disk_test(test_extents),
		disk_test(test_size),
		disk_test(test_file_became_shorter),
		disk_test(test_locks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
