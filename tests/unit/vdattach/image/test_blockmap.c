// SPDX-License-Identifier: GPL-2.0-or-later
/* The pages of tables in memory: what was changed is never lost, and nothing outside is touched. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/format/common/blockmap.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

enum { PAGE = 512, PAGES = 128, RESERVE = 64, IN_FILE = 600, LAST = 100 };

#define SIZE ((IN_FILE - 1) * PAGE + LAST)

struct table {
	struct world world;
	struct source *source;
	struct blockmap *map;
};

static int table_setup(void **state)
{
	struct table *t = calloc(1, sizeof(*t));
	uint8_t page[PAGE];

	world_add(&t->world, "file", SIZE);
	for (unsigned int i = 0; i < IN_FILE; i++) {
		memset(page, (int)i % 251, sizeof(page));
		world_put(&t->world, 0, i * (uint64_t)PAGE, page, i == IN_FILE - 1 ? LAST : PAGE);
	}
	t->source = world_source(&t->world, 0, false);
	assert_int_equal(blockmap_new(t->source, PAGE, PAGES, &t->map, NULL), 0);
	*state = t;
	return 0;
}

static int table_teardown(void **state)
{
	struct table *t = *state;

	blockmap_free(&t->map);
	source_close(&t->source);
	world_release(&t->world);
	free(t);
	return 0;
}

static int read_byte(struct table *t, uint64_t offset)
{
	uint8_t byte = 0;
	int r = blockmap_read(t->map, offset, &byte, 1, NULL);

	return r < 0 ? r : byte;
}

static int write_byte(struct table *t, uint64_t offset, uint8_t byte)
{
	return blockmap_write(t->map, offset, &byte, 1, NULL);
}

static uint8_t in_file(struct table *t, uint64_t offset)
{
	uint8_t byte;

	paged_read(&t->world.files[0].now, &byte, 1, offset);
	return byte;
}

static void test_end_of_file(void **state)
{
	static const struct {
		uint64_t offset;
		size_t n;
		int r;
	} places[] = {
		{ SIZE - 1, 1, 0 },
		{ SIZE, 0, 0 },
		{ SIZE, 1, -ERANGE },
		{ SIZE - 8, 8, 0 },
		{ SIZE - 7, 8, -ERANGE },
		{ SIZE + 1, 0, -ERANGE },
		{ UINT64_MAX, 1, -ERANGE },
		{ UINT64_MAX - 7, 8, -ERANGE },
		{ 0, 700, 0 },
	};
	struct table *t = *state;
	uint8_t bytes[700] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_int_equal(blockmap_read(t->map, places[i].offset, bytes, places[i].n, NULL),
				 places[i].r);
		assert_int_equal(blockmap_write(t->map, places[i].offset, bytes, places[i].n, NULL),
				 places[i].r);
	}
	assert_int_equal(blockmap_commit(t->map, NULL), 0);
	assert_int_equal(t->world.files[0].now.size, SIZE);
}

/* Over the border of pages, and over more of them than are in memory. */
static void test_all_pages(void **state)
{
	struct table *t = *state;
	uint8_t bytes[2 * PAGE];

	for (unsigned int round = 0; round < 2; round++)
		for (unsigned int i = 0; i < IN_FILE; i++)
			assert_int_equal(read_byte(t, i * (uint64_t)PAGE + LAST - 1), i % 251);
	assert_int_equal(blockmap_read(t->map, PAGE - 1, bytes, PAGE + 2, NULL), 0);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[1], 1);
	assert_int_equal(bytes[PAGE], 1);
	assert_int_equal(bytes[PAGE + 1], 2);
}

/* So many changes fit as are promised when it is not full; the next one is refused, none is lost.
 */
static void test_full(void **state)
{
	struct table *t = *state;
	unsigned int n = 0;

	for (; !blockmap_is_full(t->map); n++)
		assert_int_equal(write_byte(t, n * (uint64_t)PAGE, 0xee), 0);
	assert_int_equal(n, PAGES - RESERVE + 1);
	for (; n < PAGES; n++)
		assert_int_equal(write_byte(t, n * (uint64_t)PAGE, 0xee), 0);
	assert_int_equal(write_byte(t, n * (uint64_t)PAGE, 0xee), -ENOBUFS);
	assert_int_equal(read_byte(t, n * (uint64_t)PAGE), -ENOBUFS);
	assert_int_equal(write_byte(t, 1, 0xdd), 0);
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(read_byte(t, i * (uint64_t)PAGE), 0xee);
	assert_int_equal(in_file(t, 0), 0);
	assert_true(blockmap_is_dirty(t->map));
	assert_int_equal(blockmap_commit(t->map, NULL), 0);
	assert_false(blockmap_is_dirty(t->map));
	assert_false(blockmap_is_full(t->map));
	for (unsigned int i = 0; i < n; i++)
		assert_int_equal(in_file(t, i * (uint64_t)PAGE), 0xee);
	assert_int_equal(in_file(t, 1), 0xdd);
	assert_int_equal(in_file(t, n * (uint64_t)PAGE), n % 251);
}

/* What was used last stays: reading on does not read it again. */
static void test_oldest_goes(void **state)
{
	struct table *t = *state;

	for (unsigned int i = 0; i < PAGES; i++)
		read_byte(t, i * (uint64_t)PAGE);
	read_byte(t, 0);
	read_byte(t, PAGES * (uint64_t)PAGE);
	t->world.fail_read_in = 1;
	for (unsigned int i = 2; i <= PAGES; i++)
		assert_int_equal(read_byte(t, i * (uint64_t)PAGE), i % 251);
	assert_int_equal(read_byte(t, 0), 0);
	assert_int_equal(read_byte(t, PAGE), -EIO);
}

/* In the order of their offsets, whatever that of the changes, and each once. */
static void test_order_of_writes(void **state)
{
	struct table *t = *state;
	uint64_t last = 0;

	for (unsigned int i = 0; i < 60; i++)
		assert_int_equal(write_byte(t, (i * 37 % 60 + 3) * (uint64_t)PAGE, 0xee), 0);
	world_record(&t->world);
	assert_int_equal(blockmap_commit(t->map, NULL), 0);
	assert_int_equal(t->world.n_ops, 62);
	assert_int_equal(t->world.ops[0].kind, OP_FLUSH);
	for (unsigned int i = 1; i <= 60; i++) {
		assert_int_equal(t->world.ops[i].kind, OP_WRITE);
		assert_true(t->world.ops[i].offset > last);
		last = t->world.ops[i].offset;
	}
	assert_int_equal(t->world.ops[61].kind, OP_FLUSH);
	assert_int_equal(blockmap_commit(t->map, NULL), 0);
	assert_int_equal(t->world.n_ops, 63);
}

/* Each write of a commit fails once: the next one writes the rest. */
static void test_failed_writes(void **state)
{
	struct table *t = *state;

	for (unsigned int at = 1; at <= 5; at++) {
		for (unsigned int i = 0; i < 5; i++)
			assert_int_equal(write_byte(t, i * (uint64_t)PAGE, (uint8_t)(0xe0 + at)),
					 0);
		t->world.fail_in = at;
		assert_int_equal(blockmap_commit(t->map, NULL), -ENOSPC);
		assert_true(blockmap_is_dirty(t->map));
		assert_int_equal(blockmap_commit(t->map, NULL), 0);
		for (unsigned int i = 0; i < 5; i++)
			assert_int_equal(in_file(t, i * (uint64_t)PAGE), 0xe0 + at);
	}
	write_byte(t, 0, 1);
	t->world.fail_flush_in = 1;
	assert_int_equal(blockmap_commit(t->map, NULL), -EIO);
	assert_int_equal(in_file(t, 0), 0xe5);
	t->world.fail_flush_in = 2;
	assert_int_equal(blockmap_commit(t->map, NULL), -EIO);
	assert_int_equal(in_file(t, 0), 1);
}

static void test_forget(void **state)
{
	struct table *t = *state;

	for (unsigned int i = 0; i < 5; i++)
		read_byte(t, i * (uint64_t)PAGE);
	assert_int_equal(write_byte(t, 2 * PAGE, 0xaa), 0);
	for (unsigned int i = 0; i < 5; i++)
		world_put(&t->world, 0, i * (uint64_t)PAGE, "\xbb", 1);
	/* the end of page 1 to the beginning of page 3; what was changed stays */
	blockmap_forget(t->map, 2 * PAGE - 1, PAGE + 2);
	assert_int_equal(read_byte(t, 0), 0);
	assert_int_equal(read_byte(t, PAGE), 0xbb);
	assert_int_equal(read_byte(t, 2 * PAGE), 0xaa);
	assert_int_equal(read_byte(t, 3 * PAGE), 0xbb);
	assert_int_equal(read_byte(t, 4 * PAGE), 4);
	/* not the page behind */
	world_put(&t->world, 0, PAGE, "\xcc", 1);
	blockmap_forget(t->map, 0, PAGE);
	assert_int_equal(read_byte(t, 0), 0xbb);
	assert_int_equal(read_byte(t, PAGE), 0xbb);
}

static void test_read_only(void **state)
{
	struct table *t = *state;

	t->source->read_only = true;
	assert_int_equal(write_byte(t, 0, 1), -EROFS);
	assert_int_equal(read_byte(t, 0), 0);
}

static void test_tail(void **state)
{
	struct table *t = *state;
	struct tail tail = { .source = t->source, .end = 10 * PAGE + 1 };
	uint64_t at = 0;

	/* what a power cut left does not show through */
	assert_int_equal(tail_grow(&tail, 4096, 2 * PAGE, &at, NULL), 0);
	assert_int_equal(at, 8192);
	assert_int_equal(tail.end, 8192 + 2 * PAGE);
	assert_int_equal(t->source->size, tail.end);
	assert_int_equal(in_file(t, 10 * PAGE), 10);
	assert_int_equal(in_file(t, 10 * PAGE + 1), 0);
	assert_int_equal(in_file(t, 8192), 0);
	/* on the border already */
	assert_int_equal(tail_grow(&tail, PAGE, PAGE, &at, NULL), 0);
	assert_int_equal(at, 8192 + 2 * PAGE);
	tail_undo(&tail, 8192 + 2 * PAGE);
	assert_int_equal(t->source->size, 8192 + 2 * PAGE);
	/* on a full disk nothing was taken */
	t->world.fail_in = 1;
	assert_int_equal(tail_grow(&tail, PAGE, PAGE, &at, NULL), -ENOSPC);
	assert_int_equal(tail.end, 8192 + 2 * PAGE);
	assert_int_equal(tail_grow(&tail, PAGE, INT64_MAX, &at, NULL), -EFBIG);
	assert_int_equal(tail_grow(&tail, PAGE, UINT64_MAX, &at, NULL), -EFBIG);
	assert_int_equal(tail.end, 8192 + 2 * PAGE);
}

#define table_test(name) cmocka_unit_test_setup_teardown(name, table_setup, table_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		table_test(test_end_of_file),
		table_test(test_all_pages),
		table_test(test_full),
		table_test(test_oldest_goes),
		table_test(test_order_of_writes),
		table_test(test_failed_writes),
		table_test(test_forget),
		table_test(test_read_only),
		table_test(test_tail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
