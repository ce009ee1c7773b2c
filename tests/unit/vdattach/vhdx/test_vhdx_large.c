// SPDX-License-Identifier: GPL-2.0-or-later
/* A differencing VHDX with blocks of 64 MiB: the bits of one block's sectors are in many pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

#define LARGE	(64 * MIB)
#define DISK	(3 * LARGE)
#define SECTORS (20 * MIB / 512)

enum { SECTOR = 512 };

/* The parent has 1 MiB of data at each of the places that are looked at. */
static void large_make(struct fixture *f, const uint64_t *places, size_t n)
{
	const struct vx parent = { .size = DISK, .id = 7 };
	const struct vx child = { .size = DISK,
				  .block_size = (uint32_t)LARGE,
				  .id = 8,
				  .parent = "parent.vhdx",
				  .parent_id = 7 };

	*f = (struct fixture){ .image = NULL };
	vx_make(&f->world, "child.vhdx", &child);
	vx_make(&f->world, "parent.vhdx", &parent);
	for (size_t i = 0; i < n; i++)
		vx_block(&f->world, 1, places[i] / MIB, MIB, VX_FULL, 'p');
}

static void assert_own(struct fixture *f, uint64_t offset, bool own)
{
	if ((fixture_byte(f, offset) == 0x77) != own)
		fail_msg("the sector at %llu is %s", (unsigned long long)offset,
			 own ? "lost" : "changed");
}

/* One sector at the beginning, in the middle and at the end of each page of bits. */
static void test_single_sectors(void **state)
{
	static const uint64_t places[] = {
		0,	   16 * MIB,	     15 * MIB,	      LARGE - MIB,
		LARGE,	   LARGE + 40 * MIB, 2 * LARGE - MIB, 2 * LARGE + 16 * MIB,
		DISK - MIB
	};
	uint8_t bytes[SECTOR];
	struct fixture f;

	memset(bytes, 0x77, sizeof(bytes));
	large_make(&f, places, ARRAY_SIZE(places));
	fixture_open(&f, false);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		assert_int_equal(
			source_pwrite(f.disk, bytes, SECTOR, places[i] + MIB - SECTOR, NULL), 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	fixture_open(&f, true);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		assert_own(&f, places[i] + MIB - SECTOR, true);
		assert_own(&f, places[i] + MIB - 2 * SECTOR, false);
		assert_int_equal(fixture_byte(&f, places[i]), 'p');
	}
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.n, 0);
	fixture_end(&f);
}

/* One write over several pages of bits, neither end of which is that of a page. */
static void test_one_long_write(void **state)
{
	static const uint64_t places[] = { LARGE + 9 * MIB, LARGE + 29 * MIB, LARGE + 30 * MIB };
	uint64_t start = LARGE + 9 * MIB + 3 * SECTOR, end = start + SECTORS * SECTOR;
	uint8_t *bytes = malloc(SECTORS * SECTOR);
	struct fixture f;

	assert_non_null(bytes);
	memset(bytes, 0x77, SECTORS * SECTOR);
	large_make(&f, places, ARRAY_SIZE(places));
	fixture_open(&f, false);
	assert_int_equal(source_pwrite(f.disk, bytes, SECTORS * SECTOR, start, NULL), 0);
	free(bytes);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	fixture_open(&f, true);
	for (uint64_t at = start; at < end; at += 101 * SECTOR)
		assert_own(&f, at, true);
	assert_own(&f, end - 1, true);
	assert_own(&f, start - 1, false);
	assert_own(&f, end, false);
	assert_int_equal(fixture_byte(&f, LARGE + 30 * MIB), 'p');
	fixture_end(&f);
}

/* A block that is written as a whole needs no bits, however large it is; here the last one. */
static void test_whole_block_is_marked_whole(void **state)
{
	const struct vx parent = { .size = DISK, .id = 7 };
	const struct vx child = { .size = LARGE + SECTORS * SECTOR,
				  .block_size = (uint32_t)LARGE,
				  .id = 8,
				  .parent = "parent.vhdx",
				  .parent_id = 7 };
	uint8_t *bytes = malloc(SECTORS * SECTOR), entry[8];
	struct fixture f = { .image = NULL };

	assert_non_null(bytes);
	memset(bytes, 0x77, SECTORS * SECTOR);
	vx_make(&f.world, "child.vhdx", &child);
	vx_make(&f.world, "parent.vhdx", &parent);
	fixture_open(&f, false);
	assert_int_equal(source_pwrite(f.disk, bytes, SECTORS * SECTOR, LARGE, NULL), 0);
	free(bytes);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	paged_read(&f.world.files[0].now, entry, sizeof(entry), VX_BAT + 8);
	assert_int_equal(entry[0] & 7, VX_FULL);
	fixture_end(&f);
}

/* Whichever read fails of the first write to a block: its table does not name a block that is not
 * its own, and the parent's bytes are there as before. */
static void test_failed_first_write_takes_nothing(void **state)
{
	static const uint64_t places[] = { 0, LARGE };
	static const uint8_t bytes[SECTOR] = "\x77";
	bool failed = true;

	for (unsigned int i = 1; failed; i++) {
		struct fixture f;

		large_make(&f, places, ARRAY_SIZE(places));
		fixture_open(&f, false);
		assert_int_equal(source_pwrite(f.disk, bytes, SECTOR, 2 * LARGE, NULL), 0);
		assert_int_equal(source_flush(f.disk, NULL), 0);
		fixture_close(&f);
		fixture_open(&f, false);
		f.world.fail_read_in = i;
		failed = source_pwrite(f.disk, bytes, SECTOR, 0, NULL) < 0;
		assert_int_equal(f.world.failed, failed);
		f.world.fail_read_in = 0;
		assert_int_equal(source_pwrite(f.disk, bytes, SECTOR, LARGE, NULL), 0);
		assert_int_equal(source_flush(f.disk, NULL), 0);
		fixture_close(&f);
		fixture_open(&f, true);
		assert_int_equal(vd_image_check(f.image, NULL), 0);
		assert_int_equal(f.image->findings.count[FINDING_ERROR], 0);
		assert_int_equal(fixture_byte(&f, 0), failed ? 'p' : 0x77);
		assert_int_equal(fixture_byte(&f, LARGE), 0x77);
		fixture_end(&f);
		assert_true(failed || i > 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_sectors),
		cmocka_unit_test(test_one_long_write),
		cmocka_unit_test(test_whole_block_is_marked_whole),
		cmocka_unit_test(test_failed_first_write_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
