// SPDX-License-Identifier: GPL-2.0-or-later
/* A VHDX survives a power cut at any write, whatever the order in which writes reach the disk. */
#include "tests/unit/vdattach/crash/crash.h"

#include "tests/unit/vdattach/crash/write_tests.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

static void make_dynamic(struct world *world, uint64_t *rng)
{
	const struct vx vx = { .size = 2 * MIB + 160 * KIB, .id = 1 };
	unsigned int f = vx_make(world, "dynamic.vhdx", &vx);

	if (rng_below(rng, 2))
		vx_block(world, f, 1, MIB, VX_FULL, 'd');
	if (rng_below(rng, 2))
		vx_bat(world, f, 2, 0, VX_ZERO);
}

/* The parent has blocks 0 and 2; the child has all kinds. */
static void make_child_of(struct world *world, uint64_t *rng, uint32_t sector_size)
{
	const struct vx parent_vx = { .size = 2 * MIB + 160 * KIB,
				      .sector_size = sector_size,
				      .id = 7 };
	const struct vx vx = { .size = 2 * MIB + 160 * KIB,
			       .sector_size = sector_size,
			       .id = 8,
			       .parent = "parent.vhdx",
			       .parent_id = 7 };
	unsigned int child = vx_make(world, "child.vhdx", &vx), parent;
	uint64_t ratio = (sector_size * 8 * MIB) / MIB;
	uint8_t stale[256];

	memset(stale, 0x5a, sizeof(stale));
	if (rng_below(rng, 3)) {
		uint64_t bitmap = vx_block(world, child, ratio, MIB, VX_FULL, 0);

		/* what blocks that are not partially present have there means nothing */
		world_put(world, child, bitmap, stale, sizeof(stale));
		world_put(world, child, bitmap + MIB / sector_size / 8 * 2, stale, 4);
		vx_block(world, child, 2, MIB, VX_PARTIAL, 'c');
	}
	vx_bat(world, child, 1, 0, rng_below(rng, 2) ? VX_ZERO : VX_NOT_PRESENT);
	parent = vx_make(world, "parent.vhdx", &parent_vx);
	vx_block(world, parent, 0, MIB, VX_FULL, 'p');
	vx_block(world, parent, 2, MIB, VX_FULL, 'q');
}

static void make_child(struct world *world, uint64_t *rng)
{
	make_child_of(world, rng, 512);
}

static void make_child_4k(struct world *world, uint64_t *rng)
{
	make_child_of(world, rng, 4096);
}

static const struct vd_case cases[] = {
	{ "dynamic", make_dynamic },
	{ "differencing", make_child },
	{ "differencing, 4096-byte sectors", make_child_4k },
};

static struct write_plan write_plan = { cases, ARRAY_SIZE(cases), 6, 20, 50 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TESTS(write_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
