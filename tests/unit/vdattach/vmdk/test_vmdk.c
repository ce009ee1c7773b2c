// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

static void put_byte(struct fixture *f, uint64_t offset, uint8_t byte)
{
	assert_int_equal(source_pwrite(f->disk, &byte, 1, offset, NULL), 0);
}

static void assert_refused(struct fixture *f, bool read_only, int code, const char *part)
{
	assert_int_equal(fixture_try_open(f, read_only), code);
	if (!strstr(error_msg(f->err), part))
		fail_msg("'%s' does not say '%s'", error_msg(f->err), part);
	error_release(&f->err);
}

static void test_zeroed_grain_hides_parent(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "child.vmdk", 0);
	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &child);
	vmdk_put(&f.world, 1, &base);
	for (uint32_t grain = 0; grain < 3; grain++)
		vmdk_put_grain(&f.world, 1, &base, grain, 0x55);
	vmdk_put_entry(&f.world, 0, &child, 1, 1);
	fixture_open(&f, false);
	assert_int_equal(fixture_byte(&f, 0), 0x55);
	assert_int_equal(fixture_byte(&f, 4096), 0);
	assert_int_equal(fixture_byte(&f, 8192), 0x55);
	put_byte(&f, 100, 1);
	put_byte(&f, 4096 + 100, 1);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(fixture_byte(&f, 99), 0x55);
	assert_int_equal(fixture_byte(&f, 4096 + 99), 0);
	assert_int_equal(fixture_byte(&f, 4096 + 100), 1);
	fixture_end(&f);
}

static void test_split(void **state)
{
	struct fixture f = { .image = NULL };
	uint8_t byte = 0x33;

	put_split(&f.world);
	vmdk_put_grain(&f.world, 1, &part1, 99, 0x11);
	vmdk_put_grain(&f.world, 2, &part2, 0, 0x22);
	world_put(&f.world, 3, 8 * 512, &byte, 1);
	fixture_open(&f, false);
	assert_int_equal(f.image->size, (800 + 64 + 100 + 1000) * 512);
	assert_int_equal(fixture_byte(&f, 800 * 512 - 1), 0x11);
	assert_int_equal(fixture_byte(&f, 864 * 512 - 1), 0);
	assert_int_equal(fixture_byte(&f, 864 * 512), 0x33);
	assert_int_equal(fixture_byte(&f, 964 * 512), 0x22);
	/* a write over all borders but into the part that has no space */
	put_byte(&f, 964 * 512 + 8 * 512, 0x44);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(source_pwrite(f.disk, &byte, 1, 800 * 512, NULL), -EROFS);
	fixture_close(&f);
	paged_resize(&f.world.files[3].now, 107 * 512);
	assert_refused(&f, true, -EINVAL, "flat.bin");
	fixture_end(&f);
}

struct damage {
	uint64_t offset;
	uint32_t value;
	int code;
	const char *part;
};

static void test_hostile_headers(void **state)
{
	static const struct damage damages[] = {
		{ 4, 4, -EOPNOTSUPP, "version 4" },
		{ 8, 1u << 16, -EOPNOTSUPP, "compression 0" },
		{ 12, 0xffffffff, -EINVAL, "does not fit" },
		{ 16, 0xffffffff, -EINVAL, "impossible" },
		{ 12, 0, -EINVAL, "no sectors" },
		{ 20, 0, -EINVAL, "grains of 0" },
		{ 20, 12, -EINVAL, "power of two" },
		{ 28, 0xffffff, -EINVAL, "descriptor" },
		{ 36, 0xffffff, -EINVAL, "descriptor" },
		{ 44, 256, -EINVAL, "256 entries" },
		{ 48, 0xffffff, -EINVAL, "redundant grain directory" },
		{ 56, 0xffffff, -EINVAL, "grain directory" },
		{ 56, 0, -EINVAL, "grain directory" },
		{ 56, 3, -EROFS, "overlaps" },
		{ 73, 0x0a0a0a0a, -EINVAL, "text mode" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *d = damages + i;
		struct fixture f = { .image = NULL };

		world_add(&f.world, "base.vmdk", 0);
		vmdk_put(&f.world, 0, &base);
		vmdk_put32(&f.world, 0, d->offset, d->value);
		assert_refused(&f, false, d->code, d->part);
		fixture_end(&f);
	}
}

static void test_damaged_tables(void **state)
{
	struct fixture f = { .image = NULL };
	uint8_t byte;

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	vmdk_put_grain(&f.world, 0, &base, 0, 0x11);
	vmdk_put_grain(&f.world, 0, &base, 1, 0x12);
	vmdk_put_entry(&f.world, 0, &base, 7, vmdk_overhead(&base));
	assert_refused(&f, false, -EROFS, "another grain is already");
	vmdk_put_entry(&f.world, 0, &base, 7, vmdk_overhead(&base) + 3);
	assert_refused(&f, false, -EROFS, "another grain is already");
	vmdk_put_entry(&f.world, 0, &base, 7, 4);
	assert_refused(&f, false, -EROFS, "where the tables are");
	vmdk_put_entry(&f.world, 0, &base, 7, 0x7fffffff);
	assert_refused(&f, false, -EROFS, "beyond the end");
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 0), 0x11);
	assert_int_equal(source_pread(f.disk, &byte, 1, 7 * 4096, NULL), -EIO);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.count[FINDING_ERROR], 1);
	fixture_end(&f);
}

/* Extents that share a file would overwrite each other. */
static void test_shared_file(void **state)
{
	static const char text[] = "# Disk DescriptorFile\nCID=1\nparentCID=ffffffff\n"
				   "RW 800 SPARSE \"s001.vmdk\"\nRW 800 SPARSE \"s001.vmdk\"\n";
	struct fixture f = { .image = NULL };

	world_add(&f.world, "image.vmdk", 0);
	world_put(&f.world, 0, 0, text, sizeof(text) - 1);
	world_add(&f.world, "s001.vmdk", 0);
	vmdk_put(&f.world, 1, &part1);
	assert_refused(&f, false, -EROFS, "the same file");
	fixture_end(&f);
}

/* A damaged first directory is no loss for who only reads. */
static void test_redundant_directory(void **state)
{
	static const uint32_t damages[] = { 0, 0xffffff };
	uint64_t first = (VMDK_RGD + (uint64_t)vmdk_set_size(&base)) * VMDK_SECTOR;

	for (size_t i = 0; i < ARRAY_SIZE(damages) + 1; i++) {
		struct fixture f = { .image = NULL };

		world_add(&f.world, "base.vmdk", 0);
		vmdk_put(&f.world, 0, &base);
		vmdk_put_grain(&f.world, 0, &base, 599, 0x66);
		/* where it is, or what is in it */
		if (i < ARRAY_SIZE(damages))
			vmdk_put32(&f.world, 0, 56, damages[i]);
		else
			vmdk_put32(&f.world, 0, first, 0xffffff);
		assert_refused(&f, false, -EINVAL, "VMDK grain directory");
		fixture_open(&f, true);
		assert_int_equal(fixture_byte(&f, BYTES - 1), 0x66);
		assert_int_equal(vd_image_check(f.image, NULL), 0);
		assert_int_equal(f.image->findings.count[FINDING_ERROR], 1);
		fixture_close(&f);
		/* both: nothing is left */
		vmdk_put32(&f.world, 0, 48, 0xffffff);
		assert_refused(&f, true, -EINVAL, "VMDK grain directory");
		fixture_end(&f);
	}
}

static void test_redundant_directory_damaged(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	vmdk_put_grain(&f.world, 0, &base, 599, 0x66);
	vmdk_put32(&f.world, 0, 48, 0xffffff);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, BYTES - 1), 0x66);
	fixture_end(&f);
}

/* A sparse file that holds a descriptor of more than itself, or of other files only. */
static void test_embedded_descriptor_of_many(void **state)
{
	static const struct vmdk_spec many = {
		1,
		2,
		800,
		GRAIN,
		"# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
		"RW 800 SPARSE \"was named otherwise.vmdk\"\nRW 1000 SPARSE \"s002.vmdk\"\n",
	};
	static const struct vmdk_spec none = {
		1,
		0,
		800,
		GRAIN,
		"# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
		"RW 1000 SPARSE \"/vmfs/volumes/store/vm/s002.vmdk\"\n",
	};
	struct fixture f = { .image = NULL };

	world_add(&f.world, "image.vmdk", 0);
	vmdk_put(&f.world, 0, &many);
	vmdk_put_grain(&f.world, 0, &many, 99, 0x11);
	assert_refused(&f, true, -ENOENT, "s002.vmdk");
	world_add(&f.world, "s002.vmdk", 0);
	vmdk_put(&f.world, 1, &part2);
	vmdk_put_grain(&f.world, 1, &part2, 0, 0x22);
	fixture_open(&f, false);
	assert_int_equal(f.image->size, 1800 * 512);
	assert_int_equal(fixture_byte(&f, 800 * 512 - 1), 0x11);
	assert_int_equal(fixture_byte(&f, 800 * 512), 0x22);
	put_byte(&f, 0, 0x33);
	fixture_close(&f);
	vmdk_put(&f.world, 0, &none);
	vmdk_put32(&f.world, 0, 12, 0);
	vmdk_put32(&f.world, 0, 20, 0);
	fixture_open(&f, true);
	assert_int_equal(f.image->size, 1000 * 512);
	assert_int_equal(fixture_byte(&f, 0), 0x22);
	fixture_end(&f);
}

static void test_both_sets_of_tables(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	vmdk_put_grain(&f.world, 0, &base, 0, 0x11);
	/* out of step, as after a power cut */
	vmdk_put32(&f.world, 0, vmdk_entry(&base, 0, 0), 0);
	fixture_open(&f, false);
	put_byte(&f, 5 * 4096, 0x22);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	for (uint32_t grain = 0; grain < 600; grain++)
		assert_int_equal(vmdk_get32(&f.world, 0, vmdk_entry(&base, 0, grain)),
				 vmdk_get32(&f.world, 0, vmdk_entry(&base, 1, grain)));
	fixture_end(&f);
}

/* A new content id at the first flush, in place, and the header says that a writer is there. */
static void test_session_marks(void **state)
{
	size_t cid = 512 + (size_t)(strstr(BASE_TEXT, "1234abcd") - BASE_TEXT);
	struct fixture f = { .image = NULL };
	char text[10] = { 0 };
	uint8_t unclean;

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	fixture_open(&f, false);
	paged_read(&f.world.files[0].now, text, 9, cid);
	assert_string_equal(text, "1234abcd\n");
	put_byte(&f, 0, 1);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	paged_read(&f.world.files[0].now, text, 9, cid);
	assert_string_not_equal(text, "1234abcd\n");
	assert_int_equal(text[8], '\n');
	paged_read(&f.world.files[0].now, &unclean, 1, 72);
	assert_int_equal(unclean, 1);
	fixture_close(&f);
	paged_read(&f.world.files[0].now, &unclean, 1, 72);
	assert_int_equal(unclean, 0);
	fixture_end(&f);
}

/* VirtualBox's ids: that of the disk stays, that of its content is another one, in place. */
static void test_another_modification(void **state)
{
	size_t at = (size_t)(strstr(BASE_TEXT, "02020202-") - BASE_TEXT), size = strlen(BASE_TEXT);
	struct fixture f = { .image = NULL };
	char text[1024] = { 0 };

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	fixture_open(&f, false);
	put_byte(&f, 0, 1);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	paged_read(&f.world.files[0].now, text, size, 512);
	fixture_end(&f);
	assert_memory_not_equal(text + at, BASE_TEXT + at, 36);
	assert_int_equal(strspn(text + at, "0123456789abcdef-"), 36);
	assert_string_equal(text + at + 36, BASE_TEXT + at + 36);
	assert_non_null(strstr(text, "ddb.uuid.image=\"01010101-0101-0101-0101-010101010101\""));
}

static void test_two_flushes(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	fixture_open(&f, false);
	for (uint64_t grain = 0; grain < 600; grain += 3)
		put_byte(&f, grain * 4096, 1);
	f.world.flushes = 0;
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(f.world.flushes, 2);
	put_byte(&f, 0, 2);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	assert_int_equal(f.world.flushes, 3);
	fixture_end(&f);
}

/* Without the flag, entry 1 is the place of a grain: zeros are written. */
static void test_zeros_without_the_flag(void **state)
{
	static const struct vmdk_spec plain = { 1, 2, SECTORS, GRAIN, CHILD_TEXT };
	struct fixture f = { .image = NULL };

	world_add(&f.world, "child.vmdk", 0);
	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &plain);
	vmdk_put(&f.world, 1, &base);
	vmdk_put_grain(&f.world, 1, &base, 3, 0x55);
	fixture_open(&f, false);
	assert_int_equal(source_write_zeroes(f.disk, 4096, 3 * 4096, NULL), 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	assert_int_not_equal(vmdk_get32(&f.world, 0, vmdk_entry(&plain, 1, 3)), 1);
	fixture_open(&f, true);
	for (unsigned int at = 0; at < 4096; at++)
		assert_int_equal(fixture_byte(&f, 3 * 4096 + at), 0);
	fixture_end(&f);
}

/* A table that one of the directories does not have is compared with nothing. */
static void test_missing_tables(void **state)
{
	for (unsigned int set = 0; set < 2; set++) {
		struct fixture f = { .image = NULL };
		uint64_t directory = VMDK_RGD + set * vmdk_set_size(&base);

		world_add(&f.world, "base.vmdk", 0);
		vmdk_put(&f.world, 0, &base);
		vmdk_put32(&f.world, 0, directory * VMDK_SECTOR + 4, 0);
		fixture_open(&f, true);
		assert_int_equal(vd_image_check(f.image, NULL), 0);
		assert_int_equal(f.image->findings.n, 0);
		assert_int_equal(fixture_byte(&f, 512 * 4096), 0);
		fixture_close(&f);
		assert_refused(&f, false, -EROFS, "no table 1");
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeroed_grain_hides_parent),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_damaged_tables),
		cmocka_unit_test(test_shared_file),
		cmocka_unit_test(test_redundant_directory),
		cmocka_unit_test(test_redundant_directory_damaged),
		cmocka_unit_test(test_embedded_descriptor_of_many),
		cmocka_unit_test(test_both_sets_of_tables),
		cmocka_unit_test(test_session_marks),
		cmocka_unit_test(test_another_modification),
		cmocka_unit_test(test_two_flushes),
		cmocka_unit_test(test_zeros_without_the_flag),
		cmocka_unit_test(test_missing_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
