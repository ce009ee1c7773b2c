// SPDX-License-Identifier: GPL-2.0-or-later
/* A VHD survives a power cut at any write, whatever the order in which writes reach the disk. */
#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/write_tests.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vhd/vhd_disks.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"

static void crash_dynamic(struct world *world, uint64_t *rng)
{
	vhd_add(world, "image.vhd", &dynamic);
	for (uint32_t block = 0; block < 10; block++) {
		if (rng_below(rng, 4) == 0)
			vhd_put_block(world, 0, &dynamic, block, (uint8_t)rng_next(rng), 0x33);
	}
}

static void crash_differencing(struct world *world, uint64_t *rng)
{
	vhd_add(world, "image.vhd", &child);
	for (uint32_t block = 0; block < 10; block++) {
		if (rng_below(rng, 4) == 0)
			vhd_put_block(world, 0, &child, block, (uint8_t)rng_next(rng), 0x44);
	}
	vhd_add(world, "base.vhd", &dynamic);
	for (uint32_t block = 0; block < 10; block++) {
		if (rng_below(rng, 2) == 0)
			vhd_put_block(world, 1, &dynamic, block, (uint8_t)rng_next(rng), 0x55);
	}
}

static const struct vd_case cases[] = {
	{ "vhd dynamic", crash_dynamic },
	{ "vhd differencing", crash_differencing },
};

static struct write_plan write_plan = { cases, ARRAY_SIZE(cases), 100, 40, 10 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TESTS(write_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
