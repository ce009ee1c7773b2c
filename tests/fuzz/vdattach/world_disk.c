// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/fuzz/vdattach/world_disk.h"

#include "tests/unit/vdattach/fake/world.h"

/* Whatever can be read once can be read again; what cannot says so. */
static void world_disk_read(struct vd_image *image, struct source *disk)
{
	uint64_t offset = 0;

	for (unsigned int i = 0; i < 4 * WORLD_DISK_STEPS && offset < image->size; i++) {
		struct vd_map_entry entry;
		uint8_t buf[600];
		size_t n = (size_t)MIN(image->size - offset, (uint64_t)sizeof(buf));

		if (source_pread(disk, buf, n, offset, NULL) < 0 ||
		    vd_image_map(image, offset, &entry, NULL) < 0)
			break;
		offset += entry.length;
	}
}

/* An image that opens for writing keeps what is written, and stays without errors. */
static void world_disk_write(struct vd_image *image, struct source *disk, uint64_t rng)
{
	for (unsigned int i = 0; i < WORLD_DISK_STEPS; i++) {
		uint64_t offset = rng_below(&rng, image->size / VD_SECTOR) * VD_SECTOR;
		uint8_t byte = (uint8_t)i, back = 0;

		if (source_pwrite(disk, &byte, 1, offset, NULL) < 0)
			continue;
		if (i % 16 == 0 && source_flush(disk, NULL) < 0)
			abort();
		if (source_pread(disk, &back, 1, offset, NULL) < 0 || back != byte)
			abort();
	}
	if (source_flush(disk, NULL) < 0)
		abort();
}

static unsigned int world_disk_errors(struct vd_image *image)
{
	unsigned int before = image->findings.count[FINDING_ERROR];

	return vd_image_check(image, NULL) < 0 ? 0 : image->findings.count[FINDING_ERROR] - before;
}

void world_disk_use(struct world *world, bool read_only)
{
	struct vd_resolver resolver = world_resolver(world);
	_cleanup_source_ struct source *disk = NULL;
	_cleanup_image_ struct vd_image *image = NULL;
	unsigned int errors;

	if (world_open(world, &resolver, read_only, &image, NULL) < 0)
		return;
	errors = world_disk_errors(image);
	if (vd_image_view(image, &disk, NULL) < 0)
		return;
	world_disk_read(image, disk);
	if (image->read_only)
		return;
	world_disk_write(image, disk, image->size | 1);
	if (world_disk_errors(image) > errors)
		abort();
}
