// SPDX-License-Identifier: GPL-2.0-or-later
/* An untrusted VMDK: descriptor, sparse, or stream; extents and parents called "e" are its own
 * bytes. */
#include "tests/fuzz/vdattach/world_disk.h"
#include "tests/unit/vdattach/fake/world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned int read_only = 0; read_only < 2; read_only++) {
		struct world world = { .n = 0 };

		world_add(&world, "a.vmdk", 0);
		world_put(&world, 0, 0, data, size);
		world_add(&world, "e", 0);
		/* a descriptor of up to 1 KiB, then its extent */
		if (size > 1024 && data[0] == '#')
			world_put(&world, 1, 0, data + 1024, size - 1024);
		else
			world_put(&world, 1, 0, data, size);
		world_disk_use(&world, read_only);
		world_release(&world);
	}
	return 0;
}
