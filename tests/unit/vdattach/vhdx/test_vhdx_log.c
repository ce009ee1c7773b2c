// SPDX-License-Identifier: GPL-2.0-or-later
/* The log of a VHDX: replaying, refusing, filling it. */
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/vhdx/vhdx_fixture.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"

/* Pages for the BAT: block 0 at offset. */
static void bat_page(uint8_t *page, uint64_t offset)
{
	memset(page, 0, 4096);
	put_le64(page, offset | VX_FULL);
}

/* An image with two blocks that its BAT does not have yet. */
static void make_dirty(struct fixture *f, uint64_t blocks[2])
{
	vx_make(&f->world, "a.vhdx", &plain);
	for (unsigned int i = 0; i < 2; i++)
		blocks[i] = vx_block(&f->world, 0, 0, MIB, VX_FULL, (char)('x' + i));
	vx_bat(&f->world, 0, 0, 0, VX_NOT_PRESENT);
	vx_header(&f->world, 0, 0, 3, 1, 9);
}

static void assert_replay(struct fixture *f, char mark)
{
	struct paged before;

	paged_copy(&before, &f->world.files[0].now);
	vhdx_open_disk(f, true);
	vhdx_assert_sector(f, 512, mark, 512);
	assert_int_equal(f->image->findings.count[FINDING_WARNING], 1);
	source_close(&f->disk);
	vd_image_close(&f->image);
	/* read-only means that the file is as it was */
	for (size_t i = 0; i < before.n; i++)
		assert_ptr_equal(before.pages[i], f->world.files[0].now.pages[i]);
	paged_release(&before);
	vhdx_open_disk(f, false);
	vhdx_assert_sector(f, 512, mark, 512);
	vhdx_open_disk(f, true);
	vhdx_assert_sector(f, 512, mark, 512);
	assert_int_equal(f->image->findings.count[FINDING_WARNING], 0);
}

static void test_log_is_replayed(void **state)
{
	struct fixture *f = *state;
	uint8_t page[4096];
	uint64_t blocks[2];

	make_dirty(f, blocks);
	bat_page(page, blocks[0]);
	vx_log_page(&f->world, 0, 10, 10, 5, 9, VX_BAT, page, 0);
	assert_replay(f, 'x');
}

static void test_newest_sequence_is_replayed(void **state)
{
	struct fixture *f = *state;
	uint8_t page[4096];
	uint64_t blocks[2];

	make_dirty(f, blocks);
	bat_page(page, blocks[0]);
	vx_log_page(&f->world, 0, 0, 0, 5, 9, VX_BAT, page, 0);
	/* another log's, however new, and one whose tail is gone */
	vx_log_page(&f->world, 0, 20, 20, 900, 8, VX_BAT, page, 0);
	vx_log_page(&f->world, 0, 40, 30, 800, 9, VX_BAT, page, 0);
	/* the active one goes over the end of the log; its first entry is the tail */
	vx_log_page(&f->world, 0, 253, 253, 70, 9, VX_BAT, page, 0);
	bat_page(page, blocks[1]);
	vx_log_page(&f->world, 0, 255, 253, 71, 9, VX_BAT, page, 0);
	assert_replay(f, 'y');
}

static void test_torn_entry_does_not_count(void **state)
{
	struct fixture *f = *state;
	uint8_t page[4096];
	uint64_t blocks[2];

	make_dirty(f, blocks);
	bat_page(page, blocks[0]);
	vx_log_page(&f->world, 0, 4, 4, 5, 9, VX_BAT, page, 0);
	bat_page(page, blocks[1]);
	vx_log_page(&f->world, 0, 6, 4, 6, 9, VX_BAT, page, 0);
	vhdx_spoil(f, VX_LOG + 7 * 4096 + 2000);
	assert_replay(f, 'x');
}

static void test_log_of_zeros(void **state)
{
	struct fixture *f = *state;
	uint64_t blocks[2];

	make_dirty(f, blocks);
	vx_bat(&f->world, 0, 0, blocks[1], VX_FULL);
	vx_log_zero(&f->world, 0, 0, 0, 5, 9, blocks[1], 8192, 0);
	vhdx_open_disk(f, true);
	vhdx_assert_sector(f, 8192 - 512, 0, 0);
	vhdx_assert_sector(f, 8192, 'y', 8192);
	vhdx_open_disk(f, false);
	vhdx_open_disk(f, true);
	vhdx_assert_sector(f, 0, 0, 0);
	vhdx_assert_sector(f, 8192, 'y', 8192);
}

/* Read with a warning and without its log; the first time it is written the log is empty again. */
static void assert_log_dropped(struct fixture *f)
{
	for (unsigned int i = 0; i < 2; i++) {
		vhdx_open_disk(f, true);
		assert_int_equal(f->image->findings.count[FINDING_WARNING], 1);
		assert_non_null(strstr(f->image->findings.items[0].text, "no valid entry"));
		vhdx_assert_sector(f, 0, 0, 0);
	}
	vhdx_open_disk(f, false);
	vhdx_assert_sector(f, 0, 0, 0);
	vhdx_open_disk(f, true);
	assert_int_equal(f->image->findings.count[FINDING_WARNING], 0);
	vhdx_assert_sector(f, 0, 0, 0);
	source_close(&f->disk);
	vd_image_close(&f->image);
	world_release(&f->world);
	f->world = (struct world){ .n = 0 };
}

/* What a power cut leaves between naming the log in the header and the end of its first entry. */
static void test_log_without_a_whole_entry_is_dropped(void **state)
{
	struct fixture *f = *state;
	uint8_t page[4096];
	uint64_t blocks[2];

	make_dirty(f, blocks);
	assert_log_dropped(f);
	/* of another session */
	make_dirty(f, blocks);
	bat_page(page, blocks[0]);
	vx_log_page(&f->world, 0, 0, 0, 5, 8, VX_BAT, page, 0);
	assert_log_dropped(f);
	/* torn: its last sector was not written */
	make_dirty(f, blocks);
	vx_log_page(&f->world, 0, 0, 0, 5, 9, VX_BAT, page, 0);
	memset(page, 0, sizeof(page));
	world_put(&f->world, 0, VX_LOG + 4096, page, sizeof(page));
	assert_log_dropped(f);
}

static void test_bad_logs_are_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t page[4096];
	uint64_t blocks[2];

	make_dirty(f, blocks);
	bat_page(page, blocks[0]);
	vx_log_page(&f->world, 0, 0, 0, 5, 9, VX_BAT, page, 64 * MIB);
	vhdx_assert_refused(f, false, -EINVAL, "cut short");
	vx_log_page(&f->world, 0, 0, 0, 5, 9, 64 * KIB, page, 0);
	vhdx_assert_refused(f, true, -EINVAL, "impossible write");
	vx_log_page(&f->world, 0, 0, 0, 5, 9, VX_LOG + 4096, page, 0);
	vhdx_assert_refused(f, true, -EINVAL, "impossible write");
	vx_log_page(&f->world, 0, 0, 0, 5, 9, 99 * MIB, page, 0);
	vhdx_assert_refused(f, true, -EINVAL, "impossible write");
}

/* Blocks in more pages of the BAT than one log entry can take. */
static void test_more_changes_than_a_log_entry_holds(void **state)
{
	const struct vx vx = { .size = 100 * GIB, .id = 1 };
	struct fixture *f = *state;
	uint8_t got[2];

	vx_make(&f->world, "a.vhdx", &vx);
	vhdx_open_disk(f, false);
	for (uint64_t i = 0; i < 200; i++)
		assert_int_equal(source_pwrite(f->disk, (uint8_t[]){ (uint8_t)i, 0xee }, 2,
					       i * 512 * MIB + i, NULL),
				 0);
	assert_int_equal(source_flush(f->disk, NULL), 0);
	vhdx_open_disk(f, true);
	for (uint64_t i = 0; i < 200; i++) {
		assert_int_equal(source_pread(f->disk, got, 2, i * 512 * MIB + i, NULL), 0);
		assert_int_equal(got[0], i);
		assert_int_equal(got[1], 0xee);
	}
	assert_int_equal(vd_image_check(f->image, NULL), 0);
	assert_int_equal(f->image->findings.n, 0);
}

#define LONG_LOG VX_BLOCKS /* where, and 4 MiB */

/* One log entry that wants the same 4 KiB zeroed n times. */
static void make_long_log(struct fixture *f, uint32_t n)
{
	uint32_t size = (uint32_t)((64 + n * 32ULL + 4095) / 4096 * 4096);
	static const uint8_t magic[] = { 'l', 'o', 'g', 'e' };
	uint8_t *b = calloc(1, size), header[4096];
	uint64_t block;

	assert_non_null(b);
	vx_make(&f->world, "a.vhdx", &plain);
	paged_resize(&f->world.files[0].now, LONG_LOG + 4 * MIB);
	block = vx_block(&f->world, 0, 0, MIB, VX_FULL, 'x');
	vx_header(&f->world, 0, 0, 3, 1, 9);
	paged_read(&f->world.files[0].now, header, sizeof(header), 64 * KIB);
	put_le32(header + 68, 4 * (uint32_t)MIB);
	put_le64(header + 72, LONG_LOG);
	vx_sign(header, sizeof(header));
	world_put(&f->world, 0, 64 * KIB, header, sizeof(header));
	memcpy(b, magic, sizeof(magic));
	put_le32(b + 8, size);
	put_le64(b + 16, 5);
	put_le32(b + 24, n);
	memset(b + 32, 9, 16);
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *d = b + 64 + i * 32ULL;

		memcpy(d, "zero", 4);
		put_le64(d + 8, 4096);
		put_le64(d + 16, block);
		put_le64(d + 24, 5);
	}
	vx_sign(b, size);
	world_put(&f->world, 0, LONG_LOG, b, size);
	free(b);
}

/* 65,536 changes are read and made; more would be no log, but a way to take all memory. */
static void test_longest_log(void **state)
{
	struct fixture *f = *state;

	make_long_log(f, 65537);
	vhdx_assert_refused(f, true, -ENOMEM, "cannot read the VHDX log");
	vhdx_assert_refused(f, false, -ENOMEM, "cannot read the VHDX log");
	world_release(&f->world);
	f->world = (struct world){ .n = 0 };
	make_long_log(f, 65536);
	vhdx_open_disk(f, false);
	vhdx_assert_sector(f, 0, 0, 0);
	vhdx_assert_sector(f, 4096, 'x', 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vhdx_test(test_log_is_replayed),
		vhdx_test(test_newest_sequence_is_replayed),
		vhdx_test(test_torn_entry_does_not_count),
		vhdx_test(test_log_of_zeros),
		vhdx_test(test_log_without_a_whole_entry_is_dropped),
		vhdx_test(test_bad_logs_are_refused),
		vhdx_test(test_more_changes_than_a_log_entry_holds),
		vhdx_test(test_longest_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
