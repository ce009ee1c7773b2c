// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is mapped straight on a disk is the file's, byte for byte, and nobody else's; whatever else
 * there may be is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <linux/fiemap.h>

#include "applets/vdattach/dm/extents.h"

enum { SECTOR = 512, FILE_SECTORS = 64, DEVICE_SECTORS = 128, ROUNDS = 20000, MAX = 16 };

static struct file_extents extents;
static struct dm_segment segments[FILE_SECTORS];
static size_t n_segments;

static void add(uint64_t logical, uint64_t physical, uint64_t length, uint32_t flags)
{
	const struct file_extent e = { logical * SECTOR, physical * SECTOR, length * SECTOR,
				       flags };

	assert_int_equal(extents_add(&extents, &e), 0);
}

static int resolve(uint64_t offset, uint64_t length, uint32_t sector, size_t max)
{
	const struct extents_run run = { offset * SECTOR, length * SECTOR, DEVICE_SECTORS * SECTOR,
					 sector };
	_cleanup_error_ struct error *err = NULL;
	int r = extents_resolve(&extents, &run, segments, max, &n_segments, &err);

	/* whoever is refused is told why */
	assert_true(r == 0 || (r == -EOPNOTSUPP && *error_msg(err)));
	return r;
}

static int forget(void **state)
{
	extents_release(&extents);
	return 0;
}

static void test_extents_joined(void **state)
{
	add(0, 10, 4, 0);
	add(4, 14, 4, FIEMAP_EXTENT_MERGED);
	add(8, 40, 8, FIEMAP_EXTENT_LAST);
	assert_int_equal(resolve(2, 12, SECTOR, MAX), 0);
	assert_int_equal(n_segments, 2);
	assert_int_equal(segments[0].start, 0);
	assert_int_equal(segments[0].host_offset, 12 * SECTOR);
	assert_int_equal(segments[0].length, 6 * SECTOR);
	assert_int_equal(segments[1].start, 6 * SECTOR);
	assert_int_equal(segments[1].host_offset, 40 * SECTOR);
	assert_int_equal(segments[1].length, 6 * SECTOR);
	assert_int_equal(resolve(2, 12, SECTOR, 1), -EOPNOTSUPP);
}

/* Each flag that says more than "here it is", known or not. */
static void test_extents_flags(void **state)
{
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint32_t flag = 1U << bit;
		bool plain = flag == FIEMAP_EXTENT_LAST || flag == FIEMAP_EXTENT_MERGED;

		forget(NULL);
		add(0, 10, 4, 0);
		add(4, 30, 4, flag);
		assert_int_equal(resolve(0, 8, SECTOR, MAX), plain ? 0 : -EOPNOTSUPP);
		assert_int_equal(resolve(0, 4, SECTOR, MAX), 0);
	}
}

static void test_extents_hostile(void **state)
{
	const struct file_extent wraps = { 0, 10 * SECTOR, UINT64_MAX, 0 },
				 far_away = { 0, UINT64_MAX - SECTOR + 1, 4 * SECTOR, 0 };

	assert_int_equal(extents_add(&extents, &wraps), 0);
	assert_int_equal(resolve(0, 4, SECTOR, MAX), -EOPNOTSUPP);
	forget(NULL);
	assert_int_equal(extents_add(&extents, &far_away), 0);
	assert_int_equal(resolve(0, 4, SECTOR, MAX), -EOPNOTSUPP);
	forget(NULL);
	add(0, DEVICE_SECTORS - 3, 4, 0);
	assert_int_equal(resolve(0, 4, SECTOR, MAX), -EOPNOTSUPP);
	forget(NULL);
	add(0, 10, 4, 0);
	add(4, 12, 4, 0);
	assert_int_equal(resolve(0, 8, SECTOR, MAX), -EOPNOTSUPP);
	forget(NULL);
	add(0, 10, 4, 0);
	add(6, 16, 4, 0);
	assert_int_equal(resolve(0, 10, SECTOR, MAX), -EOPNOTSUPP);
	assert_int_equal(resolve(0, 5, SECTOR, MAX), -EOPNOTSUPP);
}

static void test_extents_sectors(void **state)
{
	add(0, 8, 8, 0);
	assert_int_equal(resolve(0, 8, 8 * SECTOR, MAX), 0);
	assert_int_equal(resolve(1, 7, 8 * SECTOR, MAX), -EOPNOTSUPP);
	assert_int_equal(resolve(0, 7, 8 * SECTOR, MAX), -EOPNOTSUPP);
	forget(NULL);
	add(0, 9, 8, 0);
	assert_int_equal(resolve(0, 8, 8 * SECTOR, MAX), -EOPNOTSUPP);
}

static uint32_t chance(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525U + 1013904223U;
	return (*seed >> 8) % below;
}

/* Extents in the order of the file: holes, flags, places beyond the end and places taken twice. */
static void make_extents(uint32_t *seed, int *ret_place)
{
	forget(NULL);
	for (int i = 0; i < FILE_SECTORS; i++)
		ret_place[i] = -1;
	for (uint32_t at = chance(seed, 8) ? 0 : 1; at < FILE_SECTORS;) {
		uint32_t length = 1 + chance(seed, 24), place = chance(seed, DEVICE_SECTORS);
		bool plain = chance(seed, 12);

		length = MIN(length, FILE_SECTORS - at);
		add(at, place, length, plain ? 0 : 1U << (1 + chance(seed, 11)));
		for (uint32_t i = at; i < at + length && plain; i++)
			ret_place[i] = (int)(place + i - at);
		if (place + length > DEVICE_SECTORS)
			for (uint32_t i = at; i < at + length; i++)
				ret_place[i] = -1;
		at += length + (chance(seed, 16) ? 0 : chance(seed, 4));
	}
}

/* By sectors: all are there, and none twice. */
static bool may_map(const int *place, uint32_t offset, uint32_t length)
{
	bool taken[DEVICE_SECTORS] = { false };

	for (uint32_t i = offset; i < offset + length; i++) {
		if (place[i] < 0 || taken[place[i]])
			return false;
		taken[place[i]] = true;
	}
	return true;
}

static void check_segments(const int *place, uint32_t offset, uint32_t length)
{
	uint64_t at = 0;

	for (size_t i = 0; i < n_segments; i++) {
		assert_int_equal(segments[i].start, at);
		for (uint64_t k = 0; k < segments[i].length; k += SECTOR)
			assert_int_equal(segments[i].host_offset + k,
					 (uint64_t)place[offset + (at + k) / SECTOR] * SECTOR);
		at += segments[i].length;
	}
	assert_int_equal(at, length * SECTOR);
}

static void test_extents_any(void **state)
{
	unsigned int mapped = 0, refused = 0;
	int place[FILE_SECTORS];
	uint32_t seed = 17;

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t offset = chance(&seed, FILE_SECTORS);
		uint32_t length = 1 + chance(&seed, FILE_SECTORS - offset);
		bool expected;

		make_extents(&seed, place);
		/* FIEMAP_EXTENT_MERGED, bit 12, is out of reach of make_extents */
		expected = may_map(place, offset, length);
		assert_int_equal(resolve(offset, length, SECTOR, FILE_SECTORS),
				 expected ? 0 : -EOPNOTSUPP);
		if (expected)
			check_segments(place, offset, length);
		mapped += expected;
		refused += !expected;
	}
	assert_true(mapped > ROUNDS / 10 && refused > ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_extents_joined, forget),
		cmocka_unit_test_teardown(test_extents_flags, forget),
		cmocka_unit_test_teardown(test_extents_hostile, forget),
		cmocka_unit_test_teardown(test_extents_sectors, forget),
		cmocka_unit_test_teardown(test_extents_any, forget),
	};

	return cmocka_run_group_tests_name("extents", tests, NULL, NULL);
}
