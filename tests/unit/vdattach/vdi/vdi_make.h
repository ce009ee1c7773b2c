/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VDIs written field by field from VirtualBox's VDICore.h. */
#ifndef TESTS_UNIT_VDATTACH_VDI_VDI_MAKE_H
#define TESTS_UNIT_VDATTACH_VDI_VDI_MAKE_H

#include "common/bytes.h"
#include "tests/unit/vdattach/fake/world.h"

struct vdi_spec {
	uint32_t type; /* 1 dynamic, 2 fixed, 4 differencing */
	uint64_t size;
	uint32_t block_size, extra;
	uint8_t id, modified, parent_id, parent_modified; /* every byte of the UUID */
};

#define VDI_MAP	 512u
#define VDI_DATA 2048u

/* Puts an empty disk into file: at most 384 blocks. */
void vdi_put(struct world *world, unsigned int file, const struct vdi_spec *spec);

void vdi_put32(struct world *world, unsigned int file, uint64_t offset, uint32_t v);

/* Sets entry block of the map and nothing else. */
void vdi_put_entry(struct world *world, unsigned int file, uint32_t block, uint32_t entry);

/* Puts the block into the next slot, full of value; 0xee goes in front of it. */
void vdi_put_block(struct world *world, unsigned int file, const struct vdi_spec *spec,
		   uint32_t block, uint8_t value);

#endif
