// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vhdx/vhdx_fixture.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

static void test_crc32c_is_castagnoli(void **state)
{
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static void test_newest_valid_header_counts(void **state)
{
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &plain);
	/* the newer one names a log that is not there */
	vx_header(&f->world, 0, 0, 7, 1, 9);
	vhdx_open_disk(f, true);
	assert_non_null(strstr(f->image->findings.items[0].text, "no valid entry"));
	vd_image_close(&f->image);
	vhdx_spoil(f, 64 * KIB + 100);
	vhdx_open_disk(f, true);
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	assert_int_equal(f->image->findings.count[FINDING_WARNING], 1);
	assert_null(strstr(f->image->findings.items[0].text, "no valid entry"));
	vd_image_close(&f->image);
	vhdx_spoil(f, 128 * KIB + 100);
	vhdx_assert_refused(f, true, -EINVAL, "both VHDX headers");
}

static void test_equal_headers_are_legal(void **state)
{
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &plain);
	vx_header(&f->world, 0, 0, 2, 1, 0);
	vhdx_open_disk(f, false);
	assert_int_equal(source_pwrite(f->disk, "x", 1, 0, NULL), 0);
	vhdx_open_disk(f, true);
	vd_image_close(&f->image);
	vx_header(&f->world, 0, 0, 9, 1, 0);
	vx_header(&f->world, 0, 1, 9, 2, 0);
	vhdx_assert_refused(f, true, -EINVAL, "two different VHDX headers");
}

static void test_either_region_table_will_do(void **state)
{
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &plain);
	vhdx_spoil(f, 192 * KIB + 20);
	vhdx_open_disk(f, true);
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	assert_int_equal(f->image->findings.count[FINDING_ERROR], 1);
	source_close(&f->disk);
	vd_image_close(&f->image);
	vhdx_spoil(f, 256 * KIB + 20);
	vhdx_assert_refused(f, true, -EINVAL, "both VHDX region tables");
}

static void test_region_is_missing(void **state)
{
	struct fixture *f = *state;
	static uint8_t b[65536];

	vx_make(&f->world, "a.vhdx", &plain);
	paged_read(&f->world.files[0].now, b, sizeof(b), 192 * KIB);
	put_le32(b + 8, 1);
	vx_sign(b, sizeof(b));
	world_put(&f->world, 0, 192 * KIB, b, sizeof(b));
	world_put(&f->world, 0, 256 * KIB, b, sizeof(b));
	vhdx_assert_refused(f, true, -EINVAL, "names no metadata region");
}

static void test_unknown_required_region_is_refused(void **state)
{
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &plain);
	paged_resize(&f->world.files[0].now, VX_BLOCKS + MIB);
	vx_regions(&f->world, 0, 0, 1);
	vx_regions(&f->world, 0, 1, 1);
	/* new blocks do not go into the region that is not known */
	vhdx_open_disk(f, false);
	assert_int_equal(source_pwrite(f->disk, "x", 1, 0, NULL), 0);
	assert_int_equal(source_flush(f->disk, NULL), 0);
	assert_int_equal(f->world.files[0].now.size, VX_BLOCKS + 2 * MIB);
	source_close(&f->disk);
	vd_image_close(&f->image);
	vx_regions(&f->world, 0, 0, 2);
	vx_regions(&f->world, 0, 1, 2);
	vhdx_assert_refused(f, true, -EOPNOTSUPP, "is required, but not known");
}

static void put_metadata(struct fixture *f, uint64_t offset, uint64_t value, size_t n)
{
	uint8_t b[8];

	put_le64(b, value);
	world_put(&f->world, 0, VX_METADATA + offset, b, n);
}

static void test_metadata_out_of_range_is_refused(void **state)
{
	static const struct {
		uint64_t offset, value;
		size_t n;
		int code;
		const char *part;
	} bad[] = {
		{ 65536, 3 * MIB, 4, -EINVAL, "block size" },
		{ 65536, 512 * MIB, 4, -EINVAL, "block size" },
		{ 65536, 512 * KIB, 4, -EINVAL, "block size" },
		{ 65544, 0, 8, -EINVAL, "disk size" },
		{ 65544, 1000, 8, -EINVAL, "disk size" },
		{ 65544, 65 * 1024 * GIB, 8, -EINVAL, "disk size" },
		{ 65544, 64 * 1024 * GIB, 8, -EINVAL, "has room for 131072 entries" },
		{ 65568, 1024, 4, -EINVAL, "sector size" },
		{ 65540, 2, 4, -EINVAL, "without a parent locator" },
		{ 32 + 3 * 32, 99, 1, -EOPNOTSUPP, "is required, but not known" },
		{ 32 + 16, 2 * MIB, 4, -EINVAL, "file parameters" },
		{ 10, 3000, 2, -EINVAL, "metadata table" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		vx_make(&f->world, "a.vhdx", &plain);
		put_metadata(f, bad[i].offset, bad[i].value, bad[i].n);
		vhdx_assert_refused(f, true, bad[i].code, bad[i].part);
		world_release(&f->world);
	}
}

/* 4097 blocks of 1 MiB: behind the entry of the 4096th is that of the bitmap. */
static void test_chunk_ratio(void **state)
{
	static const struct {
		uint32_t sector_size;
		uint64_t ratio;
	} kinds[] = { { 512, 4096 }, { 4096, 32768 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct vx vx = { .size = (kinds[i].ratio + 1) * MIB,
				 .sector_size = kinds[i].sector_size };

		vx_make(&f->world, "a.vhdx", &vx);
		vx_block(&f->world, 0, kinds[i].ratio - 1, MIB, VX_FULL, 'x');
		vx_block(&f->world, 0, kinds[i].ratio + 1, MIB, VX_FULL, 'y');
		vhdx_open_disk(f, true);
		vhdx_assert_sector(f, (kinds[i].ratio - 1) * MIB, 'x', 0);
		vhdx_assert_sector(f, kinds[i].ratio * MIB + 512, 'y', 512);
		source_close(&f->disk);
		vd_image_close(&f->image);
		world_release(&f->world);
	}
}

static void test_fixed_is_one_run(void **state)
{
	const struct vx vx = { .size = DISK, .fixed = true };
	struct fixture *f = *state;
	struct vd_extent run;

	vx_make(&f->world, "a.vhdx", &vx);
	for (uint64_t i = 0; i < 3; i++)
		vx_block(&f->world, 0, i, MIB, VX_FULL, (char)('a' + i));
	vhdx_open_disk(f, false);
	assert_string_equal(f->image->variant, "fixed");
	assert_true(vd_image_is_linear(f->image, &run));
	assert_int_equal(run.host_offset, VX_BLOCKS);
	vhdx_assert_sector(f, 2 * MIB + 1024, 'c', 1024);
}

static void make_child(struct fixture *f, uint32_t sector_size, uint8_t id_of_parent, bool linkage2)
{
	const struct vx child = { .size = 4 * MIB,
				  .sector_size = sector_size,
				  .id = 2,
				  .parent = "parent.vhdx",
				  .parent_id = 7,
				  .linkage2 = linkage2 };
	/* a parent may be smaller */
	const struct vx parent = { .size = DISK, .sector_size = sector_size, .id = id_of_parent };
	uint64_t ratio = (sector_size * 8 * MIB) / MIB, bitmap;
	const uint8_t bits = 0x05;

	vx_make(&f->world, "child.vhdx", &child);
	bitmap = vx_block(&f->world, 0, ratio, MIB, VX_FULL, 0);
	world_put(&f->world, 0, bitmap + MIB / sector_size / 8, &bits, 1);
	vx_block(&f->world, 0, 1, MIB, VX_PARTIAL, 'c');
	vx_bat(&f->world, 0, 2, 0, VX_ZERO);
	vx_make(&f->world, "parent.vhdx", &parent);
	for (uint64_t i = 0; i < 3; i++)
		vx_block(&f->world, 1, i, MIB, VX_FULL, 'p');
}

static void test_child_reads_by_sector_bitmap(void **state)
{
	static const uint32_t sizes[] = { 512, 4096 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t s = sizes[i];

		make_child(f, sizes[i], 7, false);
		vhdx_open_disk(f, true);
		assert_string_equal(f->image->variant, "differencing");
		vhdx_assert_sector(f, MIB - 512, 'p', MIB - 512);
		vhdx_assert_sector(f, MIB, 'c', 0);
		vhdx_assert_sector(f, MIB + s, 'p', s);
		vhdx_assert_sector(f, MIB + 2 * s, 'c', 2 * s);
		vhdx_assert_sector(f, MIB + 3 * s - 512, 'c', 3 * s - 512);
		vhdx_assert_sector(f, MIB + 3 * s, 'p', 3 * s);
		vhdx_assert_sector(f, 2 * MIB, 0, 0);
		vhdx_assert_sector(f, 3 * MIB, 0, 0);
		source_close(&f->disk);
		vd_image_close(&f->image);
		world_release(&f->world);
	}
}

static void test_parent_must_be_the_one(void **state)
{
	struct fixture *f = *state;

	make_child(f, 512, 6, false);
	vhdx_assert_refused(f, true, -ESTALE, "06060606-0606-0606-0606-060606060606");
	world_release(&f->world);
	make_child(f, 512, 7, true);
	vhdx_open_disk(f, true);
	source_close(&f->disk);
	vd_image_close(&f->image);
	/* under another name it is known by its id */
	snprintf(f->world.files[1].name, 64, "elsewhere.vhdx");
	vhdx_open_disk(f, true);
	source_close(&f->disk);
	vd_image_close(&f->image);
	world_release(&f->world);
	make_child(f, 512, 6, false);
	snprintf(f->world.files[1].name, 64, "elsewhere.vhdx");
	vhdx_assert_refused(f, true, -ENOENT, "parent.vhdx");
}

static void test_child_needs_its_bitmap(void **state)
{
	struct fixture *f = *state;

	make_child(f, 512, 7, false);
	vx_bat(&f->world, 0, 4096, 0, VX_NOT_PRESENT);
	vhdx_assert_refused(f, false, -EROFS, "no sector bitmap");
	vhdx_open_disk(f, true);
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	assert_true(f->image->findings.count[FINDING_ERROR] > 0);
}

static void test_first_write_to_a_sector_keeps_the_rest_of_it(void **state)
{
	struct fixture *f = *state;

	make_child(f, 4096, 7, false);
	vhdx_open_disk(f, false);
	/* 512 bytes in the middle of a sector that only the parent has */
	assert_int_equal(source_pwrite(f->disk, "written", 8, 4096 + 1024, NULL), 0);
	assert_int_equal(source_flush(f->disk, NULL), 0);
	vhdx_open_disk(f, true);
	vhdx_assert_sector(f, 4096 + 512, 'p', 4096 + 512);
	vhdx_assert_sector(f, 4096 + 1536, 'p', 4096 + 1536);
	vhdx_assert_sector(f, 8192, 'p', 8192);
	vhdx_assert_sector(f, 0, 'p', 0);
}

/* Whatever was in such a block is not to be seen again. */
static void test_states_that_are_zero(void **state)
{
	static const unsigned int states[] = { 1, 2, 3, 5 };
	const struct vx vx = { .size = ARRAY_SIZE(states) * MIB, .sector_size = 512 };
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &vx);
	for (uint64_t i = 0; i < ARRAY_SIZE(states); i++)
		vx_block(&f->world, 0, i, MIB, states[i], 'x');
	vhdx_open_disk(f, true);
	for (uint64_t i = 0; i < ARRAY_SIZE(states); i++)
		vhdx_assert_sector(f, i * MIB, 0, 0);
}

static void test_damaged_bat(void **state)
{
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &plain);
	vx_block(&f->world, 0, 0, MIB, VX_FULL, 'x');
	vx_bat(&f->world, 0, 1, VX_BLOCKS, VX_FULL);
	vhdx_assert_refused(f, false, -EROFS, "overlaps");
	vx_bat(&f->world, 0, 1, VX_METADATA, VX_FULL);
	vhdx_assert_refused(f, false, -EROFS, "overlaps");
	vx_bat(&f->world, 0, 1, 77 * MIB, VX_FULL);
	vx_bat(&f->world, 0, 2, VX_BLOCKS, 4);
	vhdx_assert_refused(f, false, -EROFS, "not inside the file");
	vhdx_open_disk(f, true);
	vhdx_assert_sector(f, 0, 'x', 0);
	assert_true(source_pread(f->disk, (char[1]){ 0 }, 1, MIB, NULL) < 0);
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	assert_int_equal(f->image->findings.count[FINDING_ERROR], 2);
}

static void read_guids(struct fixture *f, uint8_t ret[48])
{
	uint8_t sequence[2][8];
	uint64_t slot;

	for (uint64_t i = 0; i < 2; i++)
		paged_read(&f->world.files[0].now, sequence[i], 8, 64 * KIB * (i + 1) + 8);
	slot = get_le64(sequence[1]) > get_le64(sequence[0]);
	paged_read(&f->world.files[0].now, ret, 48, 64 * KIB * (slot + 1) + 16);
}

static void test_guids_change_with_the_first_write(void **state)
{
	uint8_t before[48], after[48], zero[16] = { 0 };
	struct fixture *f = *state;

	vx_make(&f->world, "a.vhdx", &plain);
	vx_block(&f->world, 0, 0, MIB, VX_FULL, 'x');
	read_guids(f, before);
	vhdx_open_disk(f, false);
	assert_int_equal(source_flush(f->disk, NULL), 0);
	vhdx_open_disk(f, false);
	read_guids(f, after);
	assert_memory_equal(before, after, 48);
	/* to a block that is there already: no table changes, the disk does */
	assert_int_equal(source_pwrite(f->disk, "x", 1, 0, NULL), 0);
	read_guids(f, after);
	assert_memory_not_equal(before, after, 16);
	assert_memory_not_equal(before + 16, after + 16, 16);
	/* a new block is in the log when it is flushed, and not after closing */
	assert_int_equal(source_pwrite(f->disk, "x", 1, MIB, NULL), 0);
	assert_int_equal(source_flush(f->disk, NULL), 0);
	read_guids(f, after);
	assert_memory_not_equal(after + 32, zero, 16);
	vhdx_open_disk(f, true);
	read_guids(f, after);
	assert_memory_equal(after + 32, zero, 16);
}

static void test_two_flushes_however_many_blocks(void **state)
{
	const struct vx vx = { .size = 600 * MIB, .id = 1 };
	struct fixture *f = *state;
	uint64_t before;

	vx_make(&f->world, "a.vhdx", &vx);
	vhdx_open_disk(f, false);
	assert_int_equal(source_pwrite(f->disk, "x", 1, 0, NULL), 0);
	for (unsigned int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 100; i++)
			assert_int_equal(source_pwrite(f->disk, "x", 1,
						       (round * 100 + i) * 2 * MIB + 7, NULL),
					 0);
		before = f->world.flushes;
		assert_int_equal(source_flush(f->disk, NULL), 0);
		assert_int_equal(f->world.flushes - before, 2);
	}
	before = f->world.flushes;
	assert_int_equal(source_pwrite(f->disk, "y", 1, 0, NULL), 0);
	assert_int_equal(source_flush(f->disk, NULL), 0);
	assert_int_equal(f->world.flushes - before, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc32c_is_castagnoli),
		vhdx_test(test_newest_valid_header_counts),
		vhdx_test(test_equal_headers_are_legal),
		vhdx_test(test_either_region_table_will_do),
		vhdx_test(test_region_is_missing),
		vhdx_test(test_unknown_required_region_is_refused),
		vhdx_test(test_metadata_out_of_range_is_refused),
		vhdx_test(test_chunk_ratio),
		vhdx_test(test_fixed_is_one_run),
		vhdx_test(test_child_reads_by_sector_bitmap),
		vhdx_test(test_parent_must_be_the_one),
		vhdx_test(test_child_needs_its_bitmap),
		vhdx_test(test_first_write_to_a_sector_keeps_the_rest_of_it),
		vhdx_test(test_states_that_are_zero),
		vhdx_test(test_damaged_bat),
		vhdx_test(test_guids_change_with_the_first_write),
		vhdx_test(test_two_flushes_however_many_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
