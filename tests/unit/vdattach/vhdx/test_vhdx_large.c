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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single_sectors),
		cmocka_unit_test(test_one_long_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
