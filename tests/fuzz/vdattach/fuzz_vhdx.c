// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An untrusted VHDX. Such a file has 4 MiB at least, so the input is a
 * list of changes to a good one: place, offset, length, bytes. Checksums are
 * made right again, except for one in eight inputs.
 */
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

enum place { HEADER_1, HEADER_2, REGIONS, TABLE, ITEMS, LOCATOR, BAT, LOG, PLACES };

static const uint64_t places[PLACES] = {
	64 * KIB, 128 * KIB, 192 * KIB, VX_METADATA, VX_METADATA + 65536, VX_METADATA + 66560,
	VX_BAT,	  VX_LOG
};

/* A disk with a block and a log that wants another one. */
static void make_dynamic(struct world *world)
{
	const struct vx vx = { .size = 3 * MIB, .id = 1 };
	uint8_t page[4096] = { 0 };
	uint64_t block;

	vx_make(world, "a.vhdx", &vx);
	vx_block(world, 0, 1, MIB, VX_FULL, 'a');
	block = vx_block(world, 0, 0, MIB, VX_FULL, 'b');
	put_le64(page, block | VX_FULL);
	put_le64(page + 8, (block - MIB) | VX_FULL);
	vx_log_page(world, 0, 0, 0, 5, 9, VX_BAT, page, 0);
	vx_log_zero(world, 0, 2, 0, 6, 9, block, 8192, 0);
	vx_header(world, 0, 0, 3, 1, 9);
}

static void make_child(struct world *world)
{
	const struct vx parent = { .size = 2 * MIB, .id = 7 };
	const struct vx child = {
		.size = 3 * MIB, .sector_size = 4096, .id = 2, .parent = "p.vhdx", .parent_id = 7
	};
	uint64_t bitmap;

	vx_make(world, "a.vhdx", &child);
	bitmap = vx_block(world, 0, 32768, MIB, VX_FULL, 0);
	world_put(world, 0, bitmap, "\x55", 1);
	vx_block(world, 0, 0, MIB, VX_PARTIAL, 'c');
	vx_make(world, "p.vhdx", &parent);
	vx_block(world, 1, 0, MIB, VX_FULL, 'p');
}

static void change(struct world *world, const uint8_t *data, size_t size)
{
	while (size >= 4) {
		uint64_t at = places[data[0] % PLACES] + (get_le16(data + 1) & 0x7fff);
		size_t n = MIN((size_t)data[3] % 32 + 1, size - 4);

		world_put(world, 0, at, data + 4, n);
		if (data[0] % PLACES == REGIONS)
			world_put(world, 0, at + 64 * KIB, data + 4, n);
		data += 4 + n;
		size -= 4 + n;
	}
}

static void sign(struct world *world, uint64_t at, size_t n)
{
	uint8_t *b = malloc(n);

	if (!b)
		abort();
	paged_read(&world->files[0].now, b, n, at);
	vx_sign(b, n);
	world_put(world, 0, at, b, n);
	free(b);
}

static void sign_all(struct world *world)
{
	sign(world, 64 * KIB, 4096);
	sign(world, 128 * KIB, 4096);
	sign(world, 192 * KIB, 65536);
	sign(world, 256 * KIB, 65536);
	for (uint64_t sector = 0; sector < 16; sector++) {
		uint64_t at = VX_LOG + sector * 4096;
		uint8_t b[12];
		uint32_t n;

		paged_read(&world->files[0].now, b, sizeof(b), at);
		n = get_le32(b + 8);
		if (memcmp(b, "loge", 4) == 0 && n >= 8 && n <= 65536)
			sign(world, at, n);
	}
}

static void use(struct vd_image *image)
{
	_cleanup_source_ struct source *disk = NULL;
	struct vd_map_entry entry;
	uint8_t buf[5000];
	uint64_t offset = 0;

	for (unsigned int i = 0; i < 5000 && offset < image->size; i++) {
		if (vd_image_map(image, offset, &entry, NULL) < 0)
			break;
		offset += entry.length;
	}
	if (vd_image_check(image, NULL) < 0 || vd_image_view(image, &disk, NULL) < 0)
		return;
	for (uint64_t at = 0; at < 4 * MIB; at += 700000) {
		if (source_pread(disk, buf, sizeof(buf), at, NULL) < 0)
			continue;
		/* what may be written reads back */
		if (image->read_only || source_pwrite(disk, "mark", 4, at + 300, NULL) < 0)
			continue;
		if (source_pread(disk, buf, 4, at + 300, NULL) < 0 || memcmp(buf, "mark", 4) != 0)
			abort();
	}
	if (source_flush(disk, NULL) < 0)
		return;
}

static void try(const uint8_t *data, size_t size, bool read_only)
{
	struct world world = { .n = 0 };
	struct vd_image *image = NULL;
	struct vd_resolver resolver;

	if (data[0] & 1)
		make_child(&world);
	else
		make_dynamic(&world);
	change(&world, data + 1, size - 1);
	if (data[0] >> 5)
		sign_all(&world);
	if (data[0] & 2)
		paged_resize(&world.files[0].now, 4 * MIB + data[0] * 10000);
	resolver = world_resolver(&world);
	if (world_open(&world, &resolver, read_only, &image, NULL) == 0)
		use(image);
	vd_image_close(&image);
	world_release(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 4096)
		return 0;
	try(data, size, true);
	try(data, size, false);
	return 0;
}
