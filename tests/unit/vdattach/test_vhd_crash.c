// SPDX-License-Identifier: GPL-2.0-or-later
/* A VHD survives a power cut at any write, whatever the order in which writes reach the disk. */
#include "tests/unit/vdattach/crash.h"
#include "tests/unit/vdattach/dm_model.h"
#include "tests/unit/vdattach/killed.h"
#include "tests/unit/vdattach/vhd_disks.h"

static void crash_dynamic(struct world *world, uint64_t *rng)
{
	world_add(world, "image.vhd", 0);
	vhd_put(world, 0, &dynamic);
	for (uint32_t block = 0; block < 10; block++) {
		if (rng_below(rng, 4) == 0)
			vhd_put_block(world, 0, &dynamic, block, (uint8_t)rng_next(rng), 0x33);
	}
}

static void crash_differencing(struct world *world, uint64_t *rng)
{
	world_add(world, "image.vhd", 0);
	vhd_put(world, 0, &child);
	for (uint32_t block = 0; block < 10; block++) {
		if (rng_below(rng, 4) == 0)
			vhd_put_block(world, 0, &child, block, (uint8_t)rng_next(rng), 0x44);
	}
	world_add(world, "base.vhd", 0);
	vhd_put(world, 1, &dynamic);
	for (uint32_t block = 0; block < 10; block++) {
		if (rng_below(rng, 2) == 0)
			vhd_put_block(world, 1, &dynamic, block, (uint8_t)rng_next(rng), 0x55);
	}
}

static const struct vd_case cases[] = {
	{ "vhd dynamic", crash_dynamic },
	{ "vhd differencing", crash_differencing },
};

static void test_power_cuts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		crash_format(cases + i, 1, 100);
}

static void test_model(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		model_format(cases + i, 1, 40);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_kills),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_dm_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
