/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dynamic and differencing VHDs, written field by field from the specification. */
#ifndef TESTS_UNIT_VDATTACH_VHD_VHD_MAKE_H
#define TESTS_UNIT_VDATTACH_VHD_VHD_MAKE_H

#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/world.h"

struct vhd_spec {
	uint32_t type; /* 3 dynamic, 4 differencing */
	uint64_t size;
	uint32_t block_size;
	uint8_t id, parent_id; /* every byte of the id */
	const char *relative, *absolute, *parent_name;
};

#define VHD_TABLE   1536u /* offset of the table; behind it the locators, then blocks */
#define VHD_ENTRIES 128u
#define VHD_FIRST   (VHD_TABLE + VHD_ENTRIES * 4 + 2 * 512)

void vhd_sign(uint8_t *bytes, size_t n, size_t at);

/* Puts an empty disk into file. */
void vhd_put(struct world *world, unsigned int file, const struct vhd_spec *spec);

/* Adds a file of that name with an empty disk. */
void vhd_add(struct world *world, const char *name, const struct vhd_spec *spec);

/*
 * Appends a block: sectors whose bit is set in mask (repeated every 8 sectors, most significant
 * first) hold byte fill, the others junk that must never be seen.
 */
void vhd_put_block(struct world *world, unsigned int file, const struct vhd_spec *spec,
		   uint32_t block, uint8_t mask, uint8_t fill);

#endif
