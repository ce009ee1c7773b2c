// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/vhd/vhd_make.h"

#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

void vhd_sign(uint8_t *bytes, size_t n, size_t at)
{
	uint32_t sum = 0;

	put_be32(bytes + at, 0);
	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	put_be32(bytes + at, ~sum);
}

static void vhd_dynamic_footer(uint8_t *f, const struct vhd_spec *spec)
{
	vhd_footer(f, spec->type, spec->size, "win ");
	put_be64(f + 16, 512);
	memset(f + 68, spec->id, 16);
	vhd_sign(f, 512, 64);
}

static void vhd_locator(struct world *world, unsigned int file, uint8_t *header, unsigned int i,
			const char *code, const char *name)
{
	uint8_t *l = header + 576 + i * 24UL, text[512] = { 0 };
	uint64_t offset = VHD_FIRST - 1024 + i * 512;

	if (!name)
		return;
	for (size_t c = 0; name[c]; c++)
		put_le16(text + 2 * c, (uint8_t)name[c]);
	memcpy(l, code, 4);
	put_be32(l + 4, 512);
	put_be32(l + 8, (uint32_t)strlen(name) * 2);
	put_be64(l + 16, offset);
	world_put(world, file, offset, text, sizeof(text));
}

void vhd_put(struct world *world, unsigned int file, const struct vhd_spec *spec)
{
	uint8_t footer[512], header[1024] = { 0 }, table[VHD_ENTRIES * 4];

	paged_resize(&world->files[file].now, 0);
	memset(table, 0xff, sizeof(table));
	vhd_dynamic_footer(footer, spec);
	memcpy(header, "cxsparse", 8);
	put_be64(header + 8, UINT64_MAX);
	put_be64(header + 16, VHD_TABLE);
	put_be32(header + 24, 0x10000);
	put_be32(header + 28, VHD_ENTRIES);
	put_be32(header + 32, spec->block_size);
	memset(header + 40, spec->parent_id, 16);
	for (size_t c = 0; spec->parent_name && spec->parent_name[c]; c++)
		put_be16(header + 64 + 2 * c, (uint8_t)spec->parent_name[c]);
	vhd_locator(world, file, header, 0, "W2ku", spec->absolute);
	vhd_locator(world, file, header, 1, "W2ru", spec->relative);
	vhd_sign(header, sizeof(header), 36);
	world_put(world, file, 0, footer, 512);
	world_put(world, file, 512, header, sizeof(header));
	world_put(world, file, VHD_TABLE, table, sizeof(table));
	world_put(world, file, VHD_FIRST, footer, 512);
}

void vhd_add(struct world *world, const char *name, const struct vhd_spec *spec)
{
	vhd_put(world, world_add(world, name, 0), spec);
}

void vhd_put_block(struct world *world, unsigned int file, const struct vhd_spec *spec,
		   uint32_t block, uint8_t mask, uint8_t fill)
{
	uint64_t start = world->files[file].now.size - 512;
	uint32_t bitmap_size = (spec->block_size / 4096 + 511) / 512 * 512;
	uint8_t entry[4], footer[512], sector[512];

	for (uint32_t i = 0; i < spec->block_size / 4096; i++)
		world_put(world, file, start + i, &mask, 1);
	for (uint32_t s = 0; s < spec->block_size / 512; s++) {
		memset(sector, mask >> (7 - s % 8) & 1 ? fill : 0xee, sizeof(sector));
		world_put(world, file, start + bitmap_size + s * 512ULL, sector, sizeof(sector));
	}
	memset(sector, 0, sizeof(sector));
	for (uint32_t i = spec->block_size / 4096; i < bitmap_size; i++)
		world_put(world, file, start + i, sector, 1);
	put_be32(entry, (uint32_t)(start / 512));
	world_put(world, file, VHD_TABLE + block * 4, entry, 4);
	vhd_dynamic_footer(footer, spec);
	world_put(world, file, start + bitmap_size + spec->block_size, footer, 512);
}
