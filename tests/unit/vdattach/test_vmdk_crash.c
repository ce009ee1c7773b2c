// SPDX-License-Identifier: GPL-2.0-or-later
/* A VMDK survives a power cut at any write, whatever the order in which writes reach the disk. */
#include "tests/unit/vdattach/crash.h"
#include "tests/unit/vdattach/dm_model.h"
#include "tests/unit/vdattach/killed.h"
#include "tests/unit/vdattach/vmdk_disks.h"

static void make_base(struct world *world, uint64_t *rng)
{
	world_add(world, "base.vmdk", 0);
	vmdk_put(world, 0, &base);
	for (uint32_t grain = 0; grain < 600; grain += 1 + (uint32_t)rng_below(rng, 60))
		vmdk_put_grain(world, 0, &base, grain, (uint8_t)grain);
}

static void make_chain(struct world *world, uint64_t *rng)
{
	world_add(world, "child.vmdk", 0);
	vmdk_put(world, 0, &child);
	world_add(world, "base.vmdk", 0);
	vmdk_put(world, 1, &base);
	for (uint32_t grain = 0; grain < 600; grain += 1 + (uint32_t)rng_below(rng, 30)) {
		vmdk_put_grain(world, 1, &base, grain, (uint8_t)grain);
		if (rng_below(rng, 3) == 0)
			vmdk_put_entry(world, 0, &child, grain, 1);
		else if (rng_below(rng, 3) == 0)
			vmdk_put_grain(world, 0, &child, grain, 0x77);
	}
}

static void make_split(struct world *world, uint64_t *rng)
{
	static const char text[] = "# Disk DescriptorFile\nCID=12345678\nparentCID=ffffffff\n"
				   "RW 800 SPARSE \"s001.vmdk\"\nRW 100 FLAT \"flat.bin\" 8\n"
				   "RW 1000 SPARSE \"s002.vmdk\"\n";

	put_split(world);
	paged_resize(&world->files[0].now, 0);
	world_put(world, 0, 0, text, sizeof(text) - 1);
}

static const struct vd_case cases[] = {
	{ "vmdk sparse", make_base },
	{ "vmdk chain", make_chain },
	{ "vmdk split", make_split },
};

static void test_power_cuts(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		crash_format(cases + i, 1, 12);
}

static void test_model(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		model_format(cases + i, 1, 25);
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
