// SPDX-License-Identifier: GPL-2.0-or-later
/* A VMDK survives a power cut at any write, whatever the order in which writes reach the disk. */
#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/write_tests.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

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

static struct write_plan write_plan = { cases, ARRAY_SIZE(cases), 12, 25, 10 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TESTS(write_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
