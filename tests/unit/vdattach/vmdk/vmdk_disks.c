// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"

#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

void put_split(struct world *world)
{
	world_add(world, "image.vmdk", 0);
	world_put(world, 0, 0, SPLIT_TEXT, strlen(SPLIT_TEXT));
	world_add(world, "s001.vmdk", 0);
	vmdk_put(world, 1, &part1);
	world_add(world, "s002.vmdk", 0);
	vmdk_put(world, 2, &part2);
	world_add(world, "flat.bin", 108 * 512);
}
