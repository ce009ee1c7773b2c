// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/partition/partition.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/memory.h"

#define SIZE (1024 * 1024u)

static uint8_t disk[SIZE];
static struct partition_table table;
static struct findings findings;

static int fresh(void **state)
{
	memset(disk, 0, sizeof(disk));
	return 0;
}

static int clean(void **state)
{
	partition_table_release(&table);
	findings_release(&findings);
	return 0;
}

static void read_table(uint32_t sector_size)
{
	_cleanup_source_ struct source *source = NULL;

	clean(NULL);
	assert_int_equal(source_memory(disk, SIZE, &source), 0);
	assert_int_equal(partition_table_read(source, sector_size, &table, &findings, NULL), 0);
}

static void assert_partition(size_t i, unsigned int number, uint64_t start, uint64_t length)
{
	assert_true(i < table.n);
	assert_int_equal(table.items[i].number, number);
	assert_int_equal(table.items[i].start, start);
	assert_int_equal(table.items[i].length, length);
}

static void test_empty_disk(void **state)
{
	read_table(0);
	assert_int_equal(table.scheme, SCHEME_NONE);
	assert_int_equal(table.n, 0);
	assert_int_equal(table.sector_size, 512);
}

static void test_mbr_primaries(void **state)
{
	put_le32(disk + 0x1b8, 0xdeadbeef);
	mbr_entry(disk, 0, 0x83, 8, 100);
	mbr_entry(disk, 3, 0x0c, 200, 300);
	read_table(0);
	assert_int_equal(table.scheme, SCHEME_MBR);
	assert_int_equal(table.n, 2);
	assert_partition(0, 1, 8 * 512, 100 * 512);
	assert_partition(1, 4, 200 * 512, 300 * 512);
	assert_string_equal(table.items[1].uuid, "deadbeef-04");
	assert_string_equal(table.items[1].type, "0c");
	read_table(4096);
	assert_partition(0, 1, 8 * 4096, 100 * 4096);
}

static void test_boot_sector_is_no_table(void **state)
{
	/* code of a FAT or NTFS boot sector where entries would be */
	mbr_entry(disk, 0, 0x6f, 0x72657274, 0x20646e61);
	disk[0x1be] = 0x20;
	read_table(0);
	assert_int_equal(table.scheme, SCHEME_NONE);
}

static void test_logical_partitions(void **state)
{
	mbr_entry(disk, 0, 0x83, 1, 10);
	mbr_entry(disk, 1, 0x05, 100, 900);
	mbr_entry(disk + 100 * 512, 0, 0x83, 2, 50);	/* relative to this EBR */
	mbr_entry(disk + 100 * 512, 1, 0x05, 200, 100); /* relative to the extended one */
	mbr_entry(disk + 300 * 512, 0, 0x82, 3, 40);
	mbr_entry(disk + 300 * 512, 1, 0x05, 400, 100);
	mbr_entry(disk + 500 * 512, 1, 0x05, 600, 100); /* points onwards only */
	mbr_entry(disk + 700 * 512, 0, 0x83, 1, 20);
	mbr_entry(disk + 700 * 512, 2, 0x83, 5000, 20); /* garbage in the third entry */
	read_table(0);
	assert_int_equal(table.n, 5);
	assert_true(table.items[1].extended);
	assert_partition(2, 5, 102 * 512, 50 * 512);
	assert_partition(3, 6, 303 * 512, 40 * 512);
	assert_partition(4, 7, 701 * 512, 20 * 512);
	assert_int_equal(findings.n, 0);
}

static void test_logical_cycle_ends(void **state)
{
	mbr_entry(disk, 0, 0x0f, 100, 900);
	mbr_entry(disk + 100 * 512, 0, 0x83, 1, 50);
	mbr_entry(disk + 100 * 512, 1, 0x05, 200, 100);
	mbr_entry(disk + 300 * 512, 0, 0x83, 1, 50);
	mbr_entry(disk + 300 * 512, 1, 0x05, 0, 100);
	read_table(0);
	assert_int_equal(table.n, 3);
	assert_int_equal(findings.count[FINDING_ERROR], 1);
	assert_non_null(strstr(findings.items[0].text, "comes back to itself"));
}

static void test_logical_chain_leaves_disk(void **state)
{
	mbr_entry(disk, 0, 0x05, 100, 900);
	mbr_entry(disk + 100 * 512, 0, 0x83, 1, 50);
	mbr_entry(disk + 100 * 512, 1, 0x05, 0xfffffff0, 100);
	read_table(0);
	assert_int_equal(table.n, 2);
	assert_int_equal(findings.count[FINDING_ERROR], 1);
}

static void make_gpt(uint32_t sector_size)
{
	uint32_t last = SIZE / sector_size - 1;

	mbr_entry(disk, 0, 0xee, 1, last);
	gpt_entry(disk, SIZE, sector_size, 0, 40, 99, "EFI system");
	gpt_entry(disk, SIZE, sector_size, 4, 100, 149, "root");
	gpt_sign(disk, SIZE, sector_size);
}

static void test_gpt(void **state)
{
	static const uint32_t sizes[] = { 512, 4096 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t ss = sizes[i];

		fresh(NULL);
		make_gpt(sizes[i]);
		read_table(0);
		assert_int_equal(table.scheme, SCHEME_GPT);
		assert_int_equal(table.sector_size, ss);
		assert_int_equal(table.n, 2);
		assert_partition(0, 1, 40 * ss, 60 * ss);
		assert_partition(1, 5, 100 * ss, 50 * ss);
		assert_string_equal(table.items[0].label, "EFI system");
		assert_string_equal(table.items[1].uuid, "24242424-2424-2424-2424-242424242424");
		assert_int_equal(findings.n, 0);
		assert_false(table.hybrid || table.from_backup || table.backup_early);
	}
}

static void test_gpt_backup_is_used(void **state)
{
	static const size_t damage[] = { 512 + 40, 1024 + 33 };

	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		make_gpt(512);
		disk[damage[i]] ^= 0xff;
		read_table(0);
		assert_int_equal(table.scheme, SCHEME_GPT);
		assert_true(table.from_backup);
		assert_partition(1, 5, 100 * 512, 50 * 512);
		assert_int_equal(findings.count[FINDING_ERROR], 1);
	}
}

static void test_gpt_backup_for_4096(void **state)
{
	make_gpt(4096);
	memset(disk + 4096, 0, 4096);
	read_table(0);
	assert_true(table.from_backup);
	assert_int_equal(table.sector_size, 4096);
	assert_partition(0, 1, 40 * 4096, 60 * 4096);
}

static void test_gpt_damaged_backup_is_reported(void **state)
{
	make_gpt(512);
	disk[SIZE - 512 + 40] ^= 1;
	read_table(0);
	assert_false(table.from_backup);
	assert_int_equal(table.n, 2);
	assert_non_null(strstr(findings.items[0].text, "backup table at sector 2047"));
}

static void test_gpt_both_damaged(void **state)
{
	make_gpt(512);
	disk[512] = disk[SIZE - 512] = 'X';
	read_table(0);
	assert_int_equal(table.scheme, SCHEME_NONE);
	assert_int_equal(table.n, 0);
	assert_non_null(strstr(findings.items[0].text, "neither table is intact"));
}

static void test_hybrid_takes_gpt(void **state)
{
	make_gpt(512);
	mbr_entry(disk, 1, 0x83, 700, 100);
	read_table(0);
	assert_int_equal(table.scheme, SCHEME_GPT);
	assert_true(table.hybrid);
	assert_int_equal(table.n, 2);
}

static void test_stale_gpt_without_protective_entry(void **state)
{
	make_gpt(512);
	memset(disk, 0, 512);
	mbr_entry(disk, 0, 0x83, 8, 100);
	read_table(0);
	assert_int_equal(table.scheme, SCHEME_MBR);
	assert_partition(0, 1, 8 * 512, 100 * 512);
}

/* A disk once partitioned with 512-byte sectors, then with 4096: the old header may survive. */
static void test_gpt_repartitioned_with_other_sectors(void **state)
{
	static uint8_t old[512];

	make_gpt(512);
	memcpy(old, disk + 512, 512);
	make_gpt(4096);
	memcpy(disk + 512, old, 512);
	read_table(0);
	assert_int_equal(table.sector_size, 4096);
}

static void test_gpt_hostile_entries(void **state)
{
	make_gpt(512);
	gpt_entry(disk, SIZE, 512, 1, 200, 199, "backwards");
	gpt_entry(disk, SIZE, 512, 2, 200, UINT64_MAX, "beyond");
	gpt_entry(disk, SIZE, 512, 3, UINT64_MAX - 1, UINT64_MAX, "far");
	gpt_sign(disk, SIZE, 512);
	read_table(0);
	assert_int_equal(table.n, 2);
	assert_int_equal(findings.count[FINDING_ERROR], 3);
}

static int select_code(const char *spec, const struct partition **ret)
{
	*ret = NULL;
	return partition_select(&table, SIZE, spec, ret, NULL);
}

static void test_select(void **state)
{
	const struct partition *p;

	make_gpt(512);
	gpt_entry(disk, SIZE, 512, 7, 300, 309, "twin");
	gpt_entry(disk, SIZE, 512, 8, 310, 319, "twin");
	gpt_sign(disk, SIZE, 512);
	read_table(0);
	assert_int_equal(select_code("5", &p), 0);
	assert_int_equal(p->number, 5);
	assert_int_equal(select_code("PARTLABEL=root", &p), 0);
	assert_int_equal(p->number, 5);
	assert_int_equal(select_code("PARTUUID=20202020-2020-2020-2020-202020202020", &p), 0);
	assert_int_equal(p->number, 1);
	assert_int_equal(select_code("2", &p), -ENOENT);
	assert_int_equal(select_code("PARTLABEL=twin", &p), -ENOTUNIQ);
	assert_int_equal(select_code("PARTLABEL=", &p), -EINVAL);
	assert_int_equal(select_code("0", &p), -EINVAL);
	assert_int_equal(select_code("5x", &p), -EINVAL);
	assert_int_equal(select_code("", &p), -EINVAL);
	assert_int_equal(select_code("99999999999999999999", &p), -EINVAL);
}

static void test_select_refuses_useless(void **state)
{
	const struct partition *p;

	mbr_entry(disk, 0, 0x05, 100, 50);
	mbr_entry(disk, 1, 0x83, 2000, 100);
	read_table(0);
	assert_int_equal(select_code("1", &p), -EINVAL);
	assert_int_equal(select_code("2", &p), -ERANGE);
}

static void test_check_overlap_and_end(void **state)
{
	_cleanup_source_ struct source *source = NULL;

	mbr_entry(disk, 0, 0x83, 8, 100);
	mbr_entry(disk, 1, 0x83, 107, 100);
	mbr_entry(disk, 2, 0x83, 2000, 100);
	read_table(0);
	assert_int_equal(source_memory(disk, SIZE, &source), 0);
	partition_table_check(&table, source, &findings);
	assert_int_equal(findings.count[FINDING_ERROR], 2);
	assert_non_null(strstr(findings.items[0].text, "partitions 1 and 2 overlap"));
	assert_non_null(strstr(findings.items[1].text, "partition 3 ends at"));
}

static void test_name_with_surrogates(void **state)
{
	make_gpt(512);
	put_le16(disk + 1024 + 56, 0x00e9);
	put_le16(disk + 1024 + 58, 0xd83d);
	put_le16(disk + 1024 + 60, 0xdc27);
	put_le16(disk + 1024 + 62, 0xd800);
	put_le16(disk + 1024 + 64, 0);
	gpt_sign(disk, SIZE, 512);
	read_table(0);
	assert_string_equal(table.items[0].label, "\u00e9\U0001f427\ufffd");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty_disk),
		TEST(test_mbr_primaries),
		TEST(test_boot_sector_is_no_table),
		TEST(test_logical_partitions),
		TEST(test_logical_cycle_ends),
		TEST(test_logical_chain_leaves_disk),
		TEST(test_gpt),
		TEST(test_gpt_backup_is_used),
		TEST(test_gpt_backup_for_4096),
		TEST(test_gpt_damaged_backup_is_reported),
		TEST(test_gpt_both_damaged),
		TEST(test_hybrid_takes_gpt),
		TEST(test_stale_gpt_without_protective_entry),
		TEST(test_gpt_repartitioned_with_other_sectors),
		TEST(test_gpt_hostile_entries),
		TEST(test_select),
		TEST(test_select_refuses_useless),
		TEST(test_check_overlap_and_end),
		TEST(test_name_with_surrogates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
