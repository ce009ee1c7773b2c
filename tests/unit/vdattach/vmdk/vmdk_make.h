/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sparse VMDK extents and descriptors, written field by field from VMware's specification. */
#ifndef TESTS_UNIT_VDATTACH_VMDK_VMDK_MAKE_H
#define TESTS_UNIT_VDATTACH_VMDK_VMDK_MAKE_H

#include "common/bytes.h"
#include "tests/unit/vdattach/fake/world.h"

struct vmdk_spec {
	uint32_t version, flags; /* flag 2: redundant tables, 4: zeroed grains */
	uint64_t sectors;
	uint32_t grain;		/* sectors */
	const char *descriptor; /* inside, or NULL */
};

#define VMDK_SECTOR    512u
#define VMDK_DESC      1u /* sector */
#define VMDK_DESC_SIZE 2u
#define VMDK_RGD       (VMDK_DESC + VMDK_DESC_SIZE)

/* Sectors of a directory and its tables: the redundant ones come first, then the others. */
uint32_t vmdk_set_size(const struct vmdk_spec *spec);

uint32_t vmdk_overhead(const struct vmdk_spec *spec);

void vmdk_put32(struct world *world, unsigned int file, uint64_t offset, uint32_t v);

uint32_t vmdk_get32(struct world *world, unsigned int file, uint64_t offset);

/* Where entry grain is: set 0 redundant, 1 the main one. */
uint64_t vmdk_entry(const struct vmdk_spec *spec, unsigned int set, uint32_t grain);

/* Puts an empty disk into file. */
void vmdk_put(struct world *world, unsigned int file, const struct vmdk_spec *spec);

void vmdk_put_entry(struct world *world, unsigned int file, const struct vmdk_spec *spec,
		    uint32_t grain, uint32_t entry);

/* Appends the grain, full of value. */
void vmdk_put_grain(struct world *world, unsigned int file, const struct vmdk_spec *spec,
		    uint32_t grain, uint8_t value);

#endif
