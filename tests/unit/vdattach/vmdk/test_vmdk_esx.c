// SPDX-License-Identifier: GPL-2.0-or-later
/* The sparse extents of ESX, which are only read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/bytes.h"
#include "tests/unit/vdattach/fake/fixture.h"

enum { SECTOR = 512 };

/* ESX before 6.5: one sector is a grain, and tables have 4096 entries. */
static void test_cowd(void **state)
{
	static const char text[] = "# Disk DescriptorFile\nversion=1\nCID=12345678\n"
				   "parentCID=ffffffff\ncreateType=\"vmfsSparse\"\n"
				   "RW 5000 VMFSSPARSE \"delta.vmdk\"\n";
	struct fixture f = { .image = NULL };
	uint8_t h[SECTOR] = { 0 }, bytes[SECTOR];

	memcpy(h, "COWD", 4);
	put_le32(h + 4, 1);
	put_le32(h + 8, 3);
	put_le32(h + 12, 5000);
	put_le32(h + 16, 1);
	put_le32(h + 20, 4);
	put_le32(h + 24, 2);
	world_add(&f.world, "image.vmdk", 0);
	world_put(&f.world, 0, 0, text, sizeof(text) - 1);
	world_add(&f.world, "delta.vmdk", 5 * SECTOR + 2 * 4096 * 4);
	world_put(&f.world, 1, 0, h, sizeof(h));
	put_le32(h, 5);
	put_le32(h + 4, 5 + 32);
	world_put(&f.world, 1, 4 * SECTOR, h, 8);
	memset(bytes, 0x66, sizeof(bytes));
	put_le32(h, (uint32_t)(f.world.files[1].now.size / SECTOR));
	world_put(&f.world, 1, f.world.files[1].now.size, bytes, sizeof(bytes));
	/* grain 4097 is the second one of the second table */
	world_put(&f.world, 1, (5 + 32) * SECTOR + 4, h, 4);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 4097 * SECTOR), 0x66);
	assert_int_equal(fixture_byte(&f, 4097 * SECTOR - 1), 0);
	assert_int_equal(fixture_byte(&f, 4098 * SECTOR), 0);
	fixture_end(&f);
}

enum { SE_GRAIN = 8 * SECTOR, SE_DIRECTORY = 8, SE_TABLES = 16, SE_DATA = 144, SE_VOLATILE = 1 };

static void se_put64(struct fixture *f, uint64_t offset, uint64_t value)
{
	uint8_t b[8];

	put_le64(b, value);
	world_put(&f->world, 1, offset, b, sizeof(b));
}

/* ESX 6.5: tables of 4096 entries of 8 bytes, and two of them. */
static void se_make(struct fixture *f)
{
	static const char text[] = "# Disk DescriptorFile\nversion=1\nCID=12345678\n"
				   "parentCID=ffffffff\ncreateType=\"seSparse\"\n"
				   "RW 40000 SESPARSE \"delta.vmdk\"\n";
	uint8_t bytes[SE_GRAIN];

	*f = (struct fixture){ .image = NULL };
	world_add(&f->world, "image.vmdk", 0);
	world_put(&f->world, 0, 0, text, sizeof(text) - 1);
	world_add(&f->world, "delta.vmdk", SE_DATA * SECTOR);
	se_put64(f, 0, 0xcafebabe);
	se_put64(f, 8, 0x0000000200000001);
	se_put64(f, 16, 40000);
	se_put64(f, 24, 8);
	se_put64(f, 32, 64);
	se_put64(f, 80, SE_VOLATILE);
	se_put64(f, 128, SE_DIRECTORY);
	se_put64(f, 144, SE_TABLES);
	se_put64(f, 192, SE_DATA);
	se_put64(f, SE_VOLATILE * SECTOR, 0xcafecafe);
	se_put64(f, SE_DIRECTORY * SECTOR, 0x1000000000000000);
	se_put64(f, SE_DIRECTORY * SECTOR + 8, 0x1000000000000001);
	for (uint8_t i = 0; i < 3; i++) {
		memset(bytes, 0x71 + i, sizeof(bytes));
		world_put(&f->world, 1, SE_DATA * SECTOR + i * (uint64_t)SE_GRAIN, bytes,
			  sizeof(bytes));
	}
}

static void se_entry(struct fixture *f, uint32_t grain, uint64_t value)
{
	se_put64(f, SE_TABLES * SECTOR + grain * 8ULL, value);
}

static void test_sesparse(void **state)
{
	struct fixture f;

	se_make(&f);
	se_entry(&f, 0, 0x3000000000000000);
	se_entry(&f, 1, 0x3001000000000000);
	se_entry(&f, 2, 0x1000000000000000);
	se_entry(&f, 3, 0x2000000000000000);
	se_entry(&f, 4097, 0x3002000000000000);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 0), 0x71);
	assert_int_equal(fixture_byte(&f, SE_GRAIN), 0x72);
	assert_int_equal(fixture_byte(&f, 2 * SE_GRAIN), 0);
	assert_int_equal(fixture_byte(&f, 3 * SE_GRAIN), 0);
	assert_int_equal(fixture_byte(&f, 4097 * SE_GRAIN), 0x73);
	assert_int_equal(fixture_byte(&f, 4098 * SE_GRAIN), 0);
	fixture_end(&f);
}

static void test_damaged_sesparse(void **state)
{
	static const struct {
		uint64_t offset, value;
		int code;
		const char *part;
	} damages[] = {
		{ 24, 16, -EINVAL, "grains of 16 sectors" },
		{ 32, 63, -EINVAL, "entries in a grain table" },
		{ 80, SE_DATA + 24, -EINVAL, "cut short" },
		{ SE_VOLATILE * SECTOR, 1, -EINVAL, "no VMDK SESPARSE volatile header" },
		{ SE_VOLATILE * SECTOR + 24, 1, -EOPNOTSUPP, "its journal must be replayed" },
		{ SE_DIRECTORY * SECTOR, 0x2000000000000000, -EINVAL,
		  "beyond the end of the file" },
		{ SE_DIRECTORY * SECTOR, 0x1000000000000003, -EINVAL,
		  "beyond the end of the file" },
		{ 144, UINT64_MAX, -EINVAL, "beyond the end of the file" },
	};
	static const uint64_t entries[] = { 1, 0x3003000000000000, 0x3000ffffffffffff,
					    0x4000000000000000, 0xf000000000000000 };
	struct fixture f;
	uint8_t byte;

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		se_make(&f);
		se_put64(&f, damages[i].offset, damages[i].value);
		fixture_refused(&f, damages[i].code, damages[i].part);
	}
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		se_make(&f);
		se_entry(&f, 7, entries[i]);
		fixture_open(&f, true);
		assert_int_equal(vd_image_pread(f.image, &byte, 1, 7 * SE_GRAIN, NULL), -EIO);
		assert_int_equal(fixture_byte(&f, 6 * SE_GRAIN), 0);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cowd),
		cmocka_unit_test(test_sesparse),
		cmocka_unit_test(test_damaged_sesparse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
