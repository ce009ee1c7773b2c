// SPDX-License-Identifier: GPL-2.0-or-later
/* An untrusted VDI, with another one beside it that may be its parent. */
#include "tests/fuzz/vdattach/world_disk.h"
#include "tests/unit/vdattach/fake/world.h"

/* The rest of the file is zeros, so that blocks may lie behind what the fuzzer makes. */
#define FILE_BYTES (1 * MIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned int read_only = 0; read_only < 2; read_only++) {
		struct world world = { .n = 0 };

		world_add(&world, "child.vdi", size ? FILE_BYTES : 0);
		world_put(&world, 0, 0, data, size);
		world_add(&world, "base.vdi", FILE_BYTES);
		if (size > 4096)
			world_put(&world, 1, 0, data + 4096, size - 4096);
		world_disk_use(&world, read_only);
		world_release(&world);
	}
	return 0;
}
