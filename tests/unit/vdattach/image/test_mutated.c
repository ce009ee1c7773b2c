// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables in which anything may stand: an image that opens for writing either refuses a guest's
 * write, or has afterwards what the guest wrote, all of it, and still opens. So no write reached a
 * table, and no two blocks of the disk lie in one place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vdi/vdi_make.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

enum { SECTOR = 512, ROUNDS = 400 };

struct format {
	const char *name;
	void (*make)(struct world *world, uint64_t *rng);
	/* Puts something else into one entry of a table. */
	void (*mutate)(struct world *world, uint64_t *rng);
};

static uint64_t file_sectors(struct world *world)
{
	return world->files[0].now.size / SECTOR;
}

static const struct vhd_spec vhd = {
	.type = 3, .size = 10 * 16384 + 3 * SECTOR, .block_size = 16384, .id = 0x11
};

static void make_vhd(struct world *world, uint64_t *rng)
{
	vhd_add(world, "image.vhd", &vhd);
	for (uint32_t block = 0; block < 11; block += 1 + (uint32_t)rng_below(rng, 3))
		vhd_put_block(world, 0, &vhd, block, 0xff, (uint8_t)block);
}

/* Where the table is. */
static void mutate_vhd_header(struct world *world, uint64_t *rng)
{
	uint8_t header[1024];

	paged_read(&world->files[0].now, header, sizeof(header), 512);
	put_be64(header + 16, rng_below(rng, file_sectors(world) + 1) * SECTOR);
	vhd_sign(header, sizeof(header), 36);
	world_put(world, 0, 512, header, sizeof(header));
}

static void mutate_vhd(struct world *world, uint64_t *rng)
{
	uint8_t b[4];

	if (rng_below(rng, 16) == 0) {
		mutate_vhd_header(world, rng);
		return;
	}
	put_be32(b, (uint32_t)rng_below(rng, file_sectors(world) + 4));
	world_put(world, 0, VHD_TABLE + rng_below(rng, 11) * 4, b, sizeof(b));
}

static const struct vdi_spec vdi = {
	.type = 1, .size = 6 * 131072 + SECTOR, .block_size = 131072, .id = 1, .modified = 2
};

static void make_vdi(struct world *world, uint64_t *rng)
{
	world_add(world, "image.vdi", 0);
	vdi_put(world, 0, &vdi);
	for (uint32_t block = 0; block < 7; block += 1 + (uint32_t)rng_below(rng, 3))
		vdi_put_block(world, 0, &vdi, block, (uint8_t)block);
}

/* An entry of the map, or where the map or the blocks begin. */
static void mutate_vdi(struct world *world, uint64_t *rng)
{
	uint64_t dice = rng_below(rng, 32);

	if (dice < 2) {
		vdi_put32(world, 0, dice ? 0x154 : 0x158,
			  (uint32_t)rng_below(rng, rng_below(rng, 2) ? 12 : file_sectors(world)) *
				  SECTOR);
		return;
	}
	vdi_put_entry(world, 0, (uint32_t)rng_below(rng, 7), (uint32_t)rng_below(rng, 9));
}

static const char vmdk_text[] =
	"# Disk DescriptorFile\nversion=1\nCID=1234abcd\nparentCID=ffffffff\n"
	"createType=\"monolithicSparse\"\nRW 997 SPARSE \"image.vmdk\"\n";

static const struct vmdk_spec vmdk = { 1, 2, 997, 8, vmdk_text };

static void make_vmdk(struct world *world, uint64_t *rng)
{
	world_add(world, "image.vmdk", 0);
	vmdk_put(world, 0, &vmdk);
	for (uint32_t grain = 0; grain < 124; grain += 1 + (uint32_t)rng_below(rng, 20))
		vmdk_put_grain(world, 0, &vmdk, grain, (uint8_t)grain);
}

/* Where the directories and the descriptor are. */
static void mutate_vmdk_header(struct world *world, uint64_t *rng)
{
	static const uint64_t fields[] = { 28, 48, 56 };
	uint64_t n = rng_below(rng, 2) ? 24 : file_sectors(world) + 1;

	vmdk_put32(world, 0, fields[rng_below(rng, ARRAY_SIZE(fields))],
		   (uint32_t)rng_below(rng, n));
}

/* In one set of tables or in both, or a directory's entry. */
static void mutate_vmdk(struct world *world, uint64_t *rng)
{
	uint32_t sector = (uint32_t)rng_below(rng, file_sectors(world) + 4);
	uint32_t grain = (uint32_t)rng_below(rng, 125), dice = (uint32_t)rng_below(rng, 8);

	if (dice == 2 && rng_below(rng, 2))
		mutate_vmdk_header(world, rng);
	else if (dice == 0)
		vmdk_put32(world, 0,
			   (VMDK_RGD + rng_below(rng, 2) * vmdk_set_size(&vmdk)) * VMDK_SECTOR,
			   sector);
	else if (dice == 1)
		vmdk_put32(world, 0, vmdk_entry(&vmdk, 0, grain), sector);
	else
		vmdk_put_entry(world, 0, &vmdk, grain, sector);
}

static void make_vhdx_of(struct world *world, uint64_t *rng, const struct vx *vx)
{
	unsigned int f = vx_make(world, "image.vhdx", vx);

	for (uint32_t block = 0; block < 3; block += 1 + (uint32_t)rng_below(rng, 2))
		vx_block(world, f, block, MIB, VX_FULL, 'd');
}

static void make_vhdx(struct world *world, uint64_t *rng)
{
	const struct vx vx = { .size = 2 * MIB + 160 * KIB, .id = 1 };

	make_vhdx_of(world, rng, &vx);
}

static void make_vhdx_child(struct world *world, uint64_t *rng)
{
	const struct vx parent = { .size = 2 * MIB + 160 * KIB, .id = 7 };
	const struct vx vx = {
		.size = 2 * MIB + 160 * KIB, .id = 8, .parent = "parent.vhdx", .parent_id = 7
	};

	make_vhdx_of(world, rng, &vx);
	vx_block(world, 0, SECTOR * 8, MIB, VX_FULL, 0);
	vx_make(world, "parent.vhdx", &parent);
}

/* Where the BAT or the metadata are, in both tables of regions, or the log. */
static void mutate_vhdx_header(struct world *world, uint64_t *rng)
{
	uint64_t offset = rng_below(rng, file_sectors(world) * SECTOR / MIB + 1) * MIB;
	uint64_t field = 32 + rng_below(rng, 2) * 32;
	bool log = rng_below(rng, 3) == 0;
	static uint8_t b[65536];

	for (unsigned int slot = 0; slot < 2; slot++) {
		uint64_t at = (log ? 64 * KIB : 192 * KIB) + slot * 64 * KIB;
		size_t n = log ? 4096 : sizeof(b);

		paged_read(&world->files[0].now, b, n, at);
		put_le64(b + (log ? 72 : field), offset);
		vx_sign(b, n);
		world_put(world, 0, at, b, n);
	}
}

static void mutate_vhdx(struct world *world, uint64_t *rng)
{
	static const int states[] = { VX_NOT_PRESENT, VX_ZERO, VX_FULL, VX_FULL, VX_PARTIAL };
	uint64_t offset = rng_below(rng, file_sectors(world) * SECTOR / MIB + 2) * MIB;
	uint64_t entry = rng_below(rng, 4);

	if (rng_below(rng, 8) == 0) {
		mutate_vhdx_header(world, rng);
		return;
	}
	vx_bat(world, 0, entry == 3 ? SECTOR * 8 : entry, offset,
	       states[rng_below(rng, ARRAY_SIZE(states))]);
}

static const struct format formats[] = {
	{ "vhd", make_vhd, mutate_vhd },
	{ "vdi", make_vdi, mutate_vdi },
	{ "vmdk", make_vmdk, mutate_vmdk },
	{ "vhdx", make_vhdx, mutate_vhdx },
	{ "vhdx child", make_vhdx_child, mutate_vhdx },
};

static void paint(uint8_t *bytes, uint64_t sector)
{
	for (size_t i = 0; i < SECTOR; i += 8)
		put_le64(bytes + i, sector * 0x9e3779b97f4a7c15 + i + 1);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	return b ? gcd(b, a % b) : a;
}

/* Writes each sector of the disk, in any order. False: refused. */
static bool write_all(struct vd_image *image, uint64_t *rng)
{
	uint64_t n = image->size / SECTOR, step = 97 + rng_below(rng, 32) * 2;
	uint8_t bytes[SECTOR];

	while (gcd(n, step) != 1)
		step += 2;
	for (uint64_t i = 0, sector = 0; i < n; i++, sector = (sector + step) % n) {
		paint(bytes, sector);
		if (vd_image_pwrite(image, bytes, SECTOR, sector * SECTOR, NULL) < 0)
			return false;
	}
	return !image->format->write->flush || image->format->write->flush(image, NULL) == 0;
}

static void assert_written(struct vd_image *image, const char *name, uint64_t seed)
{
	uint8_t bytes[SECTOR], wanted[SECTOR];

	for (uint64_t sector = 0; sector < image->size / SECTOR; sector++) {
		paint(wanted, sector);
		if (vd_image_pread(image, bytes, SECTOR, sector * SECTOR, NULL) < 0 ||
		    memcmp(bytes, wanted, SECTOR) != 0)
			fail_msg("%s: seed %llu: sector %llu is not what was written", name,
				 (unsigned long long)seed, (unsigned long long)sector);
	}
}

/* Returns whether all was written. */
static bool try_one(const struct format *format, uint64_t seed)
{
	struct world world = { .n = 0 };
	struct vd_resolver resolver = world_resolver(&world);
	struct vd_image *image = NULL;
	uint64_t rng = seed * 0x2545f4914f6cdd1d + 1, n;
	bool written = false;

	format->make(&world, &rng);
	for (n = 1 + rng_below(&rng, 3); n > 0; n--)
		format->mutate(&world, &rng);
	if (world_open(&world, &resolver, false, &image, NULL) == 0) {
		written = !image->read_only && write_all(image, &rng);
		vd_image_close(&image);
	}
	if (written) {
		if (world_open(&world, &resolver, true, &image, NULL) < 0)
			fail_msg("%s: seed %llu: does not open any more", format->name,
				 (unsigned long long)seed);
		assert_written(image, format->name, seed);
		vd_image_close(&image);
	}
	world_release(&world);
	return written;
}

static void test_mutated_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		unsigned int written = 0;

		for (uint64_t seed = 1; seed <= ROUNDS; seed++)
			written += try_one(formats + i, seed);
		/* some mutations are harmless: a test in which all is refused shows nothing */
		assert_in_range(written, 1, ROUNDS - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutated_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
