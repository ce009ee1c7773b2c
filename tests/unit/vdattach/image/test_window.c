// SPDX-License-Identifier: GPL-2.0-or-later
/* A partition, as a source of its own, is its bytes of the disk: what is flushed there is flushed
 * below, and nothing outside is touched. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "applets/vdattach/source/source.h"

enum { SIZE = 4096, FIRST = 512, LENGTH = 1024 };

struct below {
	struct source source;
	uint8_t bytes[SIZE];
	unsigned int flushes;
	uint64_t discarded, from;
	bool zeroed;
	int error;
};

static struct below *to_below(struct source *source)
{
	return (struct below *)source;
}

static int below_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	memcpy(buf, to_below(source)->bytes + offset, n);
	return to_below(source)->error;
}

static int below_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	memcpy(to_below(source)->bytes + offset, buf, n);
	return to_below(source)->error;
}

static int below_flush(struct source *source)
{
	to_below(source)->flushes++;
	return to_below(source)->error;
}

static int below_discard(struct source *source, uint64_t n, uint64_t offset, bool zero)
{
	struct below *below = to_below(source);

	below->discarded = n;
	below->from = offset;
	below->zeroed = zero;
	return below->error;
}

static int below_extent(struct source *source, uint64_t offset, struct source_extent *ret)
{
	*ret = (struct source_extent){ .length = source->size - offset, .zero = offset >= 1000 };
	return to_below(source)->error;
}

static void below_close(struct source *source)
{
	source->ops = NULL;
}

static const struct source_ops below_ops = {
	.pread = below_pread,
	.pwrite = below_pwrite,
	.flush = below_flush,
	.discard = below_discard,
	.extent = below_extent,
	.close = below_close,
};

static struct below disk;

static struct source *open_window(void)
{
	struct source *window = NULL;

	disk = (struct below){ .source = { .ops = &below_ops, .size = SIZE } };
	assert_int_equal(source_window(&disk.source, "part", FIRST, LENGTH, &window, NULL), 0);
	assert_int_equal(window->size, LENGTH);
	return window;
}

static void test_window_bytes(void **state)
{
	_cleanup_source_ struct source *window = open_window();
	uint8_t ones[LENGTH], back[LENGTH];

	memset(ones, 1, sizeof(ones));
	assert_int_equal(source_pwrite(window, ones, LENGTH, 0, NULL), 0);
	for (int i = 0; i < SIZE; i++)
		assert_int_equal(disk.bytes[i], i >= FIRST && i < FIRST + LENGTH);
	assert_int_equal(source_pread(window, back, LENGTH, 0, NULL), 0);
	assert_memory_equal(back, ones, LENGTH);
	assert_int_equal(source_pwrite(window, ones, 2, LENGTH - 1, NULL), -ERANGE);
	assert_int_equal(source_pread(window, back, 1, LENGTH, NULL), -ERANGE);
	assert_int_equal(source_discard(window, 2, LENGTH - 1, NULL), -ERANGE);
	assert_int_equal(disk.bytes[FIRST + LENGTH], 0);
}

static void test_window_flush(void **state)
{
	_cleanup_source_ struct source *window = open_window();

	assert_int_equal(source_flush(window, NULL), 0);
	assert_int_equal(disk.flushes, 1);
	disk.error = -EIO;
	assert_int_equal(source_flush(window, NULL), -EIO);
}

static void test_window_discard(void **state)
{
	_cleanup_source_ struct source *window = open_window();
	struct source_extent extent;

	assert_int_equal(source_write_zeroes(window, 512, 256, NULL), 0);
	assert_int_equal(disk.from, FIRST + 256);
	assert_int_equal(disk.discarded, 512);
	assert_true(disk.zeroed);
	assert_int_equal(source_discard(window, 512, 0, NULL), 0);
	assert_int_equal(disk.from, FIRST);
	assert_false(disk.zeroed);
	assert_int_equal(source_extent(window, 512, &extent, NULL), 0);
	assert_true(extent.zero);
	assert_int_equal(extent.length, LENGTH - 512);
}

static void test_window_errors(void **state)
{
	_cleanup_source_ struct source *window = open_window();
	struct source *other = NULL;
	struct source_extent extent;
	uint8_t byte = 0;

	disk.error = -ENXIO;
	assert_int_equal(source_pread(window, &byte, 1, 0, NULL), -ENXIO);
	assert_int_equal(source_pwrite(window, &byte, 1, 0, NULL), -ENXIO);
	assert_int_equal(source_discard(window, 512, 0, NULL), -ENXIO);
	assert_int_equal(source_extent(window, 0, &extent, NULL), -ENXIO);
	assert_int_equal(source_window(&disk.source, "part", FIRST, SIZE, &other, NULL), -ERANGE);
	assert_int_equal(source_window(&disk.source, "part", SIZE + 1, 0, &other, NULL), -ERANGE);
	assert_null(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window_bytes),
		cmocka_unit_test(test_window_flush),
		cmocka_unit_test(test_window_discard),
		cmocka_unit_test(test_window_errors),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
