// SPDX-License-Identifier: GPL-2.0-or-later
/* Disks whose bytes are all in the file: a guest's flush reaches each file, and no write another.
 */
#include "tests/unit/vdattach/crash/crash.h"

#include "tests/unit/vdattach/crash/write_tests.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/world.h"

enum { DISK = 200 * 1024 + 512 };

static void make_raw(struct world *world, uint64_t *rng)
{
	(void)rng;
	world_add(world, "image", DISK);
}

static void make_fixed_vhd(struct world *world, uint64_t *rng)
{
	uint8_t footer[512] = { 0 };

	(void)rng;
	world_add(world, "image.vhd", DISK);
	vhd_footer(footer, 2, DISK, "test");
	world_put(world, 0, DISK, footer, sizeof(footer));
}

static void make_flat_vmdk(struct world *world, uint64_t *rng)
{
	static const char text[] = "# Disk DescriptorFile\nversion=1\nCID=12345678\n"
				   "parentCID=ffffffff\ncreateType=\"twoGbMaxExtentFlat\"\n"
				   "RW 201 FLAT \"one.bin\" 0\nRW 200 FLAT \"two.bin\" 8\n";

	(void)rng;
	world_add(world, "image.vmdk", 0);
	world_put(world, 0, 0, text, sizeof(text) - 1);
	world_add(world, "one.bin", 201 * 512);
	world_add(world, "two.bin", 208 * 512);
}

static const struct vd_case cases[] = {
	{ "raw", make_raw },
	{ "vhd fixed", make_fixed_vhd },
	{ "vmdk flat", make_flat_vmdk },
};

static struct write_plan write_plan = { cases, ARRAY_SIZE(cases), 6, 10, 10 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TESTS(write_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
