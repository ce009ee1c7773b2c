// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/write_tests.h"

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/crash_exhaustive.h"
#include "tests/unit/vdattach/crash/crash_model.h"
#include "tests/unit/vdattach/serve/dm_model.h"
#include "tests/unit/vdattach/serve/killed.h"

void test_power_cuts(void **state)
{
	const struct write_plan *plan = *state;

	for (size_t i = 0; i < plan->n; i++)
		crash_format(plan->cases + i, 1, plan->power_cuts);
}

void test_model(void **state)
{
	const struct write_plan *plan = *state;

	for (size_t i = 0; i < plan->n; i++)
		model_format(plan->cases + i, 1, plan->models);
}

void test_dm_map(void **state)
{
	const struct write_plan *plan = *state;

	for (size_t i = 0; i < plan->n; i++)
		dm_model_format(plan->cases + i, 1, 6);
}

void test_kills(void **state)
{
	const struct write_plan *plan = *state;

	for (size_t i = 0; i < plan->n; i++)
		killed_format(plan->cases + i, 1, 10);
}

void test_short_sequences(void **state)
{
	const struct write_plan *plan = *state;

	for (size_t i = 0; i < plan->n; i++)
		print_message("%s: %llu states after power cuts\n", plan->cases[i].name,
			      (unsigned long long)exhaustive_format(plan->cases + i, plan->part));
}
