// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/vdi/vdi_make.h"

#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

static uint32_t vdi_blocks(const struct vdi_spec *spec)
{
	return (uint32_t)((spec->size + spec->block_size - 1) / spec->block_size);
}

void vdi_put(struct world *world, unsigned int file, const struct vdi_spec *spec)
{
	uint8_t h[VDI_DATA] = { 0 };

	paged_resize(&world->files[file].now, 0);
	memcpy(h, "<<< test >>>\n", 13);
	put_le32(h + 0x40, 0xbeda107f);
	put_le32(h + 0x44, 0x10001);
	put_le32(h + 0x48, 0x190);
	put_le32(h + 0x4c, spec->type);
	put_le32(h + 0x154, VDI_MAP);
	put_le32(h + 0x158, VDI_DATA);
	put_le32(h + 0x168, 512);
	put_le64(h + 0x170, spec->size);
	put_le32(h + 0x178, spec->block_size);
	put_le32(h + 0x17c, spec->extra);
	put_le32(h + 0x180, vdi_blocks(spec));
	memset(h + 0x188, spec->id, 16);
	memset(h + 0x198, spec->modified, 16);
	memset(h + 0x1a8, spec->parent_id, 16);
	memset(h + 0x1b8, spec->parent_modified, 16);
	memset(h + VDI_MAP, 0xff, sizeof(h) - VDI_MAP);
	world_put(world, file, 0, h, sizeof(h));
}

static uint32_t vdi_read32(struct world *world, unsigned int file, uint64_t offset)
{
	uint8_t b[4];

	paged_read(&world->files[file].now, b, sizeof(b), offset);
	return get_le32(b);
}

void vdi_put32(struct world *world, unsigned int file, uint64_t offset, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	world_put(world, file, offset, b, sizeof(b));
}

void vdi_put_entry(struct world *world, unsigned int file, uint32_t block, uint32_t entry)
{
	vdi_put32(world, file, VDI_MAP + block * 4UL, entry);
}

void vdi_put_block(struct world *world, unsigned int file, const struct vdi_spec *spec,
		   uint32_t block, uint8_t value)
{
	uint32_t slot = vdi_read32(world, file, 0x184);
	size_t n = (size_t)spec->extra + spec->block_size;
	uint8_t *bytes = malloc(n);

	if (!bytes)
		abort();
	memset(bytes, 0xee, spec->extra);
	memset(bytes + spec->extra, value, spec->block_size);
	world_put(world, file, VDI_DATA + (uint64_t)slot * n, bytes, n);
	vdi_put_entry(world, file, block, slot);
	vdi_put32(world, file, 0x184, slot + 1);
	free(bytes);
}
