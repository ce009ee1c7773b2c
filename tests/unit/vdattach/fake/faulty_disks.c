// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/faulty_disks.h"

#include "tests/unit/vdattach/vdi/vdi_make.h"
#include "tests/unit/vdattach/vhd/vhd_disks.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

static void put_vhd(struct world *world, uint64_t *rng)
{
	vhd_add(world, "image.vhd", &dynamic);
	for (uint32_t block = 0; block < 10; block += 3)
		vhd_put_block(world, 0, &dynamic, block, (uint8_t)rng_next(rng), 0x33);
}

static void put_vhd_child(struct world *world, uint64_t *rng)
{
	vhd_add(world, "image.vhd", &child);
	vhd_put_block(world, 0, &child, 1, 0x55, 0x44);
	vhd_add(world, "base.vhd", &dynamic);
	for (uint32_t block = 0; block < 10; block += 2)
		vhd_put_block(world, 1, &dynamic, block, (uint8_t)rng_next(rng), 0x55);
}

static void put_vhdx(struct world *world, uint64_t *rng)
{
	const struct vx vx = { .size = 2 * MIB + 160 * KIB, .id = 1 };

	(void)rng;
	vx_block(world, vx_make(world, "image.vhdx", &vx), 1, MIB, VX_FULL, 'd');
}

static void put_vhdx_child(struct world *world, uint64_t *rng)
{
	const struct vx parent = { .size = 2 * MIB + 160 * KIB, .id = 7 };
	const struct vx vx = {
		.size = 2 * MIB + 160 * KIB, .id = 8, .parent = "parent.vhdx", .parent_id = 7
	};

	(void)rng;
	vx_make(world, "image.vhdx", &vx);
	vx_block(world, vx_make(world, "parent.vhdx", &parent), 0, MIB, VX_FULL, 'p');
}

static void put_vdi(struct world *world, uint64_t *rng)
{
	const struct vdi_spec spec = {
		.type = 1, .size = 10 * 128 * KIB, .block_size = 128 * KIB, .id = 1, .modified = 2
	};

	(void)rng;
	world_add(world, "image.vdi", 0);
	vdi_put(world, 0, &spec);
	vdi_put_block(world, 0, &spec, 1, 0x11);
	vdi_put_block(world, 0, &spec, 2, 0x22);
	vdi_put_entry(world, 0, 1, 0xffffffff);
}

static void put_vmdk(struct world *world, uint64_t *rng)
{
	static const char text[] = "# Disk DescriptorFile\nCID=12345678\nparentCID=ffffffff\n"
				   "RW 800 SPARSE \"s001.vmdk\"\nRW 100 FLAT \"flat.bin\" 8\n"
				   "RW 1000 SPARSE \"s002.vmdk\"\n";
	static const struct vmdk_spec one = { 1, 2, 800, 8, NULL }, two = { 1, 0, 1000, 8, NULL };

	(void)rng;
	world_put(world, world_add(world, "image.vmdk", 0), 0, text, sizeof(text) - 1);
	vmdk_put(world, world_add(world, "s001.vmdk", 0), &one);
	vmdk_put_grain(world, 1, &one, 3, 0x31);
	vmdk_put(world, world_add(world, "s002.vmdk", 0), &two);
	world_add(world, "flat.bin", 108 * 512);
}

#define MAKE(name, what)                                                 \
	static void put_qcow2_##name(struct world *world, uint64_t *rng) \
	{                                                                \
		struct q2 q;                                             \
                                                                         \
		q2_make_##name(&q, world, rng);                          \
	}
QCOW2_DISKS(MAKE)

#define CASE(name, what) const struct vd_case faulty_##name = { what, put_##name };
FAULTY_DISKS(CASE)
