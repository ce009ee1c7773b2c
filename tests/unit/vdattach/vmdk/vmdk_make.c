// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

static uint32_t vmdk_tables(const struct vmdk_spec *spec)
{
	uint64_t span = spec->grain * 512ULL;

	return (uint32_t)((spec->sectors + span - 1) / span);
}

/* Sectors of a directory. */
static uint32_t vmdk_directory(const struct vmdk_spec *spec)
{
	return (vmdk_tables(spec) * 4 + VMDK_SECTOR - 1) / VMDK_SECTOR;
}

uint32_t vmdk_set_size(const struct vmdk_spec *spec)
{
	return vmdk_directory(spec) + vmdk_tables(spec) * 4;
}

uint32_t vmdk_overhead(const struct vmdk_spec *spec)
{
	uint32_t n = VMDK_RGD + 2 * vmdk_set_size(spec);

	return (n + spec->grain - 1) / spec->grain * spec->grain;
}

void vmdk_put32(struct world *world, unsigned int file, uint64_t offset, uint32_t v)
{
	uint8_t b[4];

	put_le32(b, v);
	world_put(world, file, offset, b, sizeof(b));
}

uint32_t vmdk_get32(struct world *world, unsigned int file, uint64_t offset)
{
	uint8_t b[4];

	paged_read(&world->files[file].now, b, sizeof(b), offset);
	return get_le32(b);
}

uint64_t vmdk_entry(const struct vmdk_spec *spec, unsigned int set, uint32_t grain)
{
	uint64_t tables = VMDK_RGD + (uint64_t)set * vmdk_set_size(spec) + vmdk_directory(spec);

	return tables * VMDK_SECTOR + grain * 4ULL;
}

void vmdk_put(struct world *world, unsigned int file, const struct vmdk_spec *spec)
{
	uint8_t h[VMDK_SECTOR] = { 0 };

	paged_resize(&world->files[file].now, 0);
	paged_resize(&world->files[file].now, vmdk_overhead(spec) * (uint64_t)VMDK_SECTOR);
	memcpy(h, "KDMV", 4);
	put_le32(h + 4, spec->version);
	put_le32(h + 8, spec->flags | 1);
	put_le64(h + 12, spec->sectors);
	put_le64(h + 20, spec->grain);
	put_le64(h + 28, spec->descriptor ? VMDK_DESC : 0);
	put_le64(h + 36, spec->descriptor ? VMDK_DESC_SIZE : 0);
	put_le32(h + 44, 512);
	put_le64(h + 48, spec->flags & 2 ? VMDK_RGD : 0);
	put_le64(h + 56, VMDK_RGD + vmdk_set_size(spec));
	put_le64(h + 64, vmdk_overhead(spec));
	memcpy(h + 73, "\n \r\n", 4);
	world_put(world, file, 0, h, sizeof(h));
	if (spec->descriptor)
		world_put(world, file, VMDK_SECTOR, spec->descriptor, strlen(spec->descriptor));
	for (unsigned int set = 0; set < 2; set++) {
		uint32_t sector = VMDK_RGD + set * vmdk_set_size(spec);

		for (uint32_t t = 0; t < vmdk_tables(spec); t++)
			vmdk_put32(world, file, sector * VMDK_SECTOR + t * 4ULL,
				   sector + vmdk_directory(spec) + t * 4);
	}
}

void vmdk_put_entry(struct world *world, unsigned int file, const struct vmdk_spec *spec,
		    uint32_t grain, uint32_t entry)
{
	vmdk_put32(world, file, vmdk_entry(spec, 1, grain), entry);
	if (spec->flags & 2)
		vmdk_put32(world, file, vmdk_entry(spec, 0, grain), entry);
}

void vmdk_put_grain(struct world *world, unsigned int file, const struct vmdk_spec *spec,
		    uint32_t grain, uint8_t value)
{
	uint64_t end = world->files[file].now.size;
	size_t n = spec->grain * VMDK_SECTOR;
	uint8_t *bytes = malloc(n);

	if (!bytes)
		abort();
	memset(bytes, value, n);
	world_put(world, file, end, bytes, n);
	vmdk_put_entry(world, file, spec, grain, (uint32_t)(end / VMDK_SECTOR));
	free(bytes);
}
