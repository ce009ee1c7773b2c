// SPDX-License-Identifier: GPL-2.0-or-later
/* An untrusted VHD, its checksums made right: open, check, map, read, write, flush. */
#include "common/bytes.h"
#include "tests/unit/vdattach/fake/world.h"

static void sign(uint8_t *bytes, size_t n, size_t at)
{
	uint32_t sum = 0;

	put_be32(bytes + at, 0);
	for (size_t i = 0; i < n; i++)
		sum += bytes[i];
	put_be32(bytes + at, ~sum);
}

static void sign_all(uint8_t *data, size_t size)
{
	uint64_t header;

	if (size < 512)
		return;
	sign(data, 512, 64);
	sign(data + size - 512, 512, 64);
	header = get_be64(data + size - 512 + 16);
	if (header < size && size - header >= 1024)
		sign(data + header, 1024, 36);
}

static void write_some(struct vd_image *image, struct source *disk)
{
	uint8_t buf[3000];

	memset(buf, 7, sizeof(buf));
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t offset = disk->size / 4 * i;
		size_t n = (size_t)MIN((uint64_t)sizeof(buf), disk->size - offset);

		if (source_pwrite(disk, buf, n, offset, NULL) < 0)
			return;
		/* what was written is there */
		memset(buf, 0, sizeof(buf));
		if (source_pread(disk, buf, n, offset, NULL) < 0 || buf[0] != 7 || buf[n - 1] != 7)
			abort();
		memset(buf, 7, sizeof(buf));
	}
	if (source_flush(disk, NULL) < 0)
		abort();
}

static void use(struct world *world, bool read_only)
{
	struct vd_resolver resolver = world_resolver(world);
	struct vd_image *image = NULL;
	_cleanup_source_ struct source *disk = NULL;
	struct vd_map_entry entry;
	uint8_t buf[600];

	if (world_open(world, &resolver, read_only, &image, NULL) < 0)
		return;
	for (uint64_t offset = 0; offset < image->size; offset += entry.length) {
		if (vd_image_map(image, offset, &entry, NULL) < 0)
			break;
	}
	if (vd_image_check(image, NULL) == 0 && vd_image_view(image, &disk, NULL) == 0) {
		if (source_pread(disk, buf, (size_t)MIN(disk->size, (uint64_t)sizeof(buf)), 0,
				 NULL) == 0 &&
		    !disk->read_only)
			write_some(image, disk);
	}
	vd_image_close(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	sign_all(bytes, size);
	for (unsigned int round = 0; round < 2; round++) {
		struct world world = { .n = 0 };

		world_add(&world, "image.vhd", 0);
		world_put(&world, 0, 0, bytes, size);
		/* the parent of a difference: the same bytes under the name that they ask for */
		world_add(&world, "base.vhd", 0);
		world_put(&world, 1, 0, bytes, size);
		use(&world, round == 0);
		world_release(&world);
	}
	free(bytes);
	return 0;
}
