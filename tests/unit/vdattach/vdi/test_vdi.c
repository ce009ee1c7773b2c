// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/write_tests.h"
#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vdi/vdi_make.h"

#define KB128 131072u
#define SIZE  (10 * KB128 + 3 * 512)

static const struct vdi_spec dynamic = {
	.type = 1, .size = SIZE, .block_size = KB128, .id = 1, .modified = 2
};
static const struct vdi_spec child = { .type = 4,
				       .size = SIZE,
				       .block_size = KB128,
				       .id = 3,
				       .modified = 4,
				       .parent_id = 1,
				       .parent_modified = 2 };

static void assert_refused(struct fixture *f, bool read_only, int code, const char *part)
{
	assert_int_equal(fixture_try_open(f, read_only), code);
	if (!strstr(error_msg(f->err), part))
		fail_msg("'%s' does not say '%s'", error_msg(f->err), part);
	error_release(&f->err);
}

static void test_reads_by_map(void **state)
{
	const struct vdi_spec spec = { .type = 1, .size = SIZE, .block_size = KB128, .extra = 512 };
	struct fixture f = { .image = NULL };

	world_add(&f.world, "a.vdi", 0);
	vdi_put(&f.world, 0, &spec);
	vdi_put_block(&f.world, 0, &spec, 7, 0x77);
	vdi_put_block(&f.world, 0, &spec, 0, 0x70);
	fixture_open(&f, false);
	assert_int_equal(f.image->size, SIZE);
	assert_int_equal(fixture_byte(&f, 0), 0x70);
	assert_int_equal(fixture_byte(&f, KB128), 0);
	assert_int_equal(fixture_byte(&f, 8 * KB128 - 1), 0x77);
	assert_int_equal(fixture_byte(&f, SIZE - 1), 0);
	fixture_end(&f);
}

/* FREE lets the parent through, ZERO does not. */
static void test_free_is_not_zero(void **state)
{
	struct fixture f = { .image = NULL };
	const uint8_t one = 1;

	world_add(&f.world, "child.vdi", 0);
	world_add(&f.world, "other.txt", 10);
	world_add(&f.world, "base.vdi", 0);
	vdi_put(&f.world, 0, &child);
	vdi_put(&f.world, 2, &dynamic);
	for (uint32_t block = 0; block < 3; block++)
		vdi_put_block(&f.world, 2, &dynamic, block, 0x55);
	vdi_put_entry(&f.world, 0, 1, 0xfffffffe);
	fixture_open(&f, false);
	assert_int_equal(fixture_byte(&f, 5), 0x55);
	assert_int_equal(fixture_byte(&f, KB128 + 5), 0);
	/* a write into either keeps the rest as it was */
	assert_int_equal(source_pwrite(f.disk, &one, 1, 100, NULL), 0);
	assert_int_equal(source_pwrite(f.disk, &one, 1, KB128 + 100, NULL), 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	fixture_open(&f, false);
	assert_int_equal(fixture_byte(&f, 99), 0x55);
	assert_int_equal(fixture_byte(&f, 100), 1);
	assert_int_equal(fixture_byte(&f, KB128 - 1), 0x55);
	assert_int_equal(fixture_byte(&f, KB128 + 100), 1);
	assert_int_equal(fixture_byte(&f, KB128 + 101), 0);
	assert_int_equal(fixture_byte(&f, 2 * KB128), 0x55);
	fixture_end(&f);
}

static void test_parent_by_uuid(void **state)
{
	struct vdi_spec base = dynamic;
	struct fixture f = { .image = NULL };

	world_add(&f.world, "child.vdi", 0);
	vdi_put(&f.world, 0, &child);
	assert_refused(&f, false, -ENOENT, "01010101-0101-0101-0101-010101010101");
	world_add(&f.world, "base.vdi", 0);
	base.modified = 9;
	vdi_put(&f.world, 1, &base);
	assert_refused(&f, false, -ESTALE, "written to after");
	fixture_open(&f, true);
	assert_int_equal(f.image->findings.count[FINDING_ERROR], 1);
	fixture_end(&f);
}

/* Children notice when somebody writes to their parent. */
static void test_writing_changes_modification(void **state)
{
	struct fixture f = { .image = NULL };
	uint8_t before[16], after[16];
	const uint8_t one = 1;

	world_add(&f.world, "a.vdi", 0);
	vdi_put(&f.world, 0, &dynamic);
	paged_read(&f.world.files[0].now, before, 16, 0x198);
	fixture_open(&f, false);
	fixture_close(&f);
	paged_read(&f.world.files[0].now, after, 16, 0x198);
	assert_memory_equal(before, after, 16);
	fixture_open(&f, false);
	assert_int_equal(source_pwrite(f.disk, &one, 1, 0, NULL), 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	paged_read(&f.world.files[0].now, after, 16, 0x198);
	assert_memory_not_equal(before, after, 16);
	fixture_end(&f);
}

struct damage {
	uint64_t offset;
	uint32_t value;
	int code;
	const char *part;
};

/* VDIHEADER0 has neither offsets nor geometry: the map stands behind it, then the blocks. */
static void test_version_0(void **state)
{
	struct fixture f = { .image = NULL };
	uint8_t h[420 + 8] = { 0 }, block[KB128];

	put_le32(h + 0x40, 0xbeda107f);
	put_le32(h + 0x44, 2);
	put_le32(h + 0x48, 1);
	put_le64(h + 0x160, KB128 + 1024);
	put_le32(h + 0x168, KB128);
	put_le32(h + 0x16c, 2);
	put_le32(h + 0x170, 1);
	memset(h + 0x174, 1, 32);
	put_le32(h + 420, 0xffffffff);
	memset(block, 0x77, sizeof(block));
	world_add(&f.world, "a.vdi", 0);
	world_put(&f.world, 0, 0, h, sizeof(h));
	world_put(&f.world, 0, sizeof(h), block, sizeof(block));
	fixture_open(&f, false);
	assert_true(f.image->read_only);
	assert_int_equal(f.image->size, KB128 + 1024);
	assert_int_equal(fixture_byte(&f, KB128 - 1), 0);
	assert_int_equal(fixture_byte(&f, KB128), 0x77);
	assert_int_equal(fixture_byte(&f, KB128 + 1023), 0x77);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.count[FINDING_ERROR], 0);
	fixture_close(&f);
	/* 4 x this is 0 in 32 bits */
	vdi_put32(&f.world, 0, 0x16c, 0x40000000);
	assert_refused(&f, true, -EINVAL, "runs into");
	fixture_end(&f);
}

static void test_hostile_headers(void **state)
{
	static const struct damage damages[] = {
		{ 0x44, 0x20000, -EOPNOTSUPP, "version 2.0" },
		{ 0x4c, 3, -EOPNOTSUPP, "undo" },
		{ 0x4c, 4, -EINVAL, "parent's UUID" },
		{ 0x154, 0, -EINVAL, "block map at offset 0" },
		{ 0x158, 512, -EINVAL, "runs into" },
		{ 0x158, 2049, -EINVAL, "whole sectors" },
		{ 0x168, 4096, -EOPNOTSUPP, "sectors of 4096" },
		{ 0x174, 0x7fffffff, -EINVAL, "impossible" },
		{ 0x178, 0, -EINVAL, "blocks of 0" },
		{ 0x178, 3 * KB128, -EINVAL, "power of two" },
		{ 0x17c, 7, -EINVAL, "extra" },
		{ 0x180, 10, -EINVAL, "cannot hold" },
		{ 0x180, 0xffffffff, -EINVAL, "runs into" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *d = damages + i;
		struct fixture f = { .image = NULL };

		world_add(&f.world, "a.vdi", 0);
		vdi_put(&f.world, 0, &dynamic);
		vdi_put32(&f.world, 0, d->offset, d->value);
		assert_refused(&f, false, d->code, d->part);
		fixture_end(&f);
	}
}

/* Damaged maps may be read as far as they go, never written to. */
static void test_damaged_maps(void **state)
{
	struct fixture f = { .image = NULL };
	uint8_t byte;

	world_add(&f.world, "a.vdi", 0);
	vdi_put(&f.world, 0, &dynamic);
	vdi_put_block(&f.world, 0, &dynamic, 0, 0x11);
	vdi_put_entry(&f.world, 0, 3, 0);
	assert_refused(&f, false, -EROFS, "another block is already");
	vdi_put_entry(&f.world, 0, 3, 5);
	assert_refused(&f, false, -EROFS, "beyond the end");
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 0), 0x11);
	assert_int_equal(source_pread(f.disk, &byte, 1, 3 * KB128, NULL), -EIO);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.count[FINDING_ERROR], 1);
	fixture_end(&f);
}

/* A power cut leaves a hole: it is used again, clean, before the file grows. */
static void test_holes_are_filled(void **state)
{
	struct fixture f = { .image = NULL };
	const uint8_t one = 1;
	uint64_t size;

	world_add(&f.world, "a.vdi", 0);
	vdi_put(&f.world, 0, &dynamic);
	vdi_put_block(&f.world, 0, &dynamic, 0, 0x11);
	vdi_put_block(&f.world, 0, &dynamic, 1, 0x22);
	vdi_put_entry(&f.world, 0, 0, 0xffffffff);
	size = f.world.files[0].now.size;
	fixture_open(&f, false);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.count[FINDING_ERROR], 0);
	assert_true(f.image->findings.count[FINDING_LEAK] > 0);
	assert_int_equal(source_pwrite(f.disk, &one, 1, 5 * KB128 + 7, NULL), 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(fixture_byte(&f, 5 * KB128 + 6), 0);
	assert_int_equal(fixture_byte(&f, 5 * KB128 + 7), 1);
	assert_int_equal(fixture_byte(&f, 6 * KB128 - 1), 0);
	assert_int_equal(f.world.files[0].now.size, size);
	fixture_close(&f);
	fixture_open(&f, false);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.count[FINDING_LEAK], 0);
	fixture_end(&f);
}

/* However many blocks are new, a flush of the guest costs two of the host. */
static void test_two_flushes(void **state)
{
	struct fixture f = { .image = NULL };
	const uint8_t one = 1;

	world_add(&f.world, "a.vdi", 0);
	vdi_put(&f.world, 0, &dynamic);
	fixture_open(&f, false);
	for (uint64_t block = 0; block < 9; block++)
		assert_int_equal(source_pwrite(f.disk, &one, 1, block * KB128, NULL), 0);
	f.world.flushes = 0;
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(f.world.flushes, 2);
	assert_int_equal(source_pwrite(f.disk, &one, 1, 0, NULL), 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(f.world.flushes, 3);
	fixture_end(&f);
}

static void put_some(struct world *world, unsigned int file, const struct vdi_spec *spec,
		     uint64_t *rng)
{
	vdi_put(world, file, spec);
	for (uint32_t block = 0; block < 11; block++) {
		uint64_t dice = rng_below(rng, 6);

		if (dice == 0)
			vdi_put_block(world, file, spec, block, (uint8_t)(0x30 + block));
		else if (dice == 1)
			vdi_put_entry(world, file, block, 0xfffffffe);
	}
}

static void make_dynamic(struct world *world, uint64_t *rng)
{
	struct vdi_spec spec = dynamic;

	spec.extra = rng_below(rng, 2) ? 512 : 0;
	world_add(world, "image.vdi", 0);
	put_some(world, 0, &spec, rng);
}

/* As an earlier cut left it: holes, and more behind the last block. */
static void make_with_holes(struct world *world, uint64_t *rng)
{
	world_add(world, "image.vdi", 0);
	vdi_put(world, 0, &dynamic);
	for (uint32_t block = 0; block < 11; block++)
		vdi_put_block(world, 0, &dynamic, block, 0x66);
	for (uint32_t block = 0; block < 11; block++) {
		if (rng_below(rng, 3))
			vdi_put_entry(world, 0, block, 0xffffffff);
	}
}

static void make_differencing(struct world *world, uint64_t *rng)
{
	world_add(world, "image.vdi", 0);
	put_some(world, 0, &child, rng);
	world_add(world, "base.vdi", 0);
	put_some(world, 1, &dynamic, rng);
}

static const struct vd_case cases[] = {
	{ "vdi dynamic", make_dynamic },
	{ "vdi with holes", make_with_holes },
	{ "vdi differencing", make_differencing },
};

static struct write_plan write_plan = { cases, ARRAY_SIZE(cases), 40, 25, 20 };

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_by_map),
		cmocka_unit_test(test_free_is_not_zero),
		cmocka_unit_test(test_parent_by_uuid),
		cmocka_unit_test(test_writing_changes_modification),
		cmocka_unit_test(test_version_0),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_damaged_maps),
		cmocka_unit_test(test_holes_are_filled),
		cmocka_unit_test(test_two_flushes),
		WRITE_TESTS(write_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
