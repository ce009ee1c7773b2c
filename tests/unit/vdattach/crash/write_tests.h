/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tests that every writable format passes, over the cases of a test program. */
#ifndef TESTS_UNIT_VDATTACH_CRASH_WRITE_TESTS_H
#define TESTS_UNIT_VDATTACH_CRASH_WRITE_TESTS_H

#include "tests/unit/vdattach/crash/crash.h"

struct write_plan {
	const struct vd_case *cases;
	size_t n;
	unsigned int power_cuts, models; /* how many workloads each case gets */
	unsigned int part;		 /* of the short sequences one in so many */
};

void test_power_cuts(void **state);

void test_model(void **state);

void test_dm_map(void **state);

void test_kills(void **state);

void test_short_sequences(void **state);

/* plan: a struct write_plan that outlives the tests */
#define WRITE_TESTS(plan)                                            \
	cmocka_unit_test_prestate(test_short_sequences, &(plan)),    \
		cmocka_unit_test_prestate(test_power_cuts, &(plan)), \
		cmocka_unit_test_prestate(test_kills, &(plan)),      \
		cmocka_unit_test_prestate(test_model, &(plan)),      \
		cmocka_unit_test_prestate(test_dm_map, &(plan))

#endif
