/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tests that every writable format passes, over the cases of a test program. Include it behind
 * `cases`, with POWER_CUTS and MODELS: how many workloads each case gets.
 */
#ifndef TESTS_VDATTACH_WRITE_TESTS_H
#define TESTS_VDATTACH_WRITE_TESTS_H

#include "tests/unit/vdattach/crash.h"
#include "tests/unit/vdattach/dm_model.h"
#include "tests/unit/vdattach/killed.h"

static void test_power_cuts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		crash_format(cases + i, 1, POWER_CUTS);
}

static void test_model(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		model_format(cases + i, 1, MODELS);
}

static void test_dm_map(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		dm_model_format(cases + i, 1, 6);
}

static void test_kills(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		killed_format(cases + i, 1, 10);
}

#define WRITE_TESTS                                                      \
	cmocka_unit_test(test_power_cuts), cmocka_unit_test(test_kills), \
		cmocka_unit_test(test_model), cmocka_unit_test(test_dm_map)

#endif
