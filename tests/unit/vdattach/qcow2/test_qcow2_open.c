// SPDX-License-Identifier: GPL-2.0-or-later
/* What the header of a QCOW2 says: within the limits it is believed, outside them refused by name.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

enum { BITS = 14, CLUSTER = 1 << BITS, PER_TABLE = CLUSTER / 8, EXTENSIONS = 104 };

static struct q2 q;

static void begin(struct fixture *f)
{
	*f = (struct fixture){ .image = NULL };
	q = (struct q2){ .version = 3, .bits = BITS, .order = 4, .size = 4 * MIB };
	q2_start(&q, &f->world, "image.qcow2");
	q2_data(&q, 0, 0x11, 0);
	q2_finish(&q);
}

static void put_field(struct fixture *f, uint64_t offset, unsigned int bytes, uint64_t value)
{
	uint8_t b[8];

	put_be64(b, value);
	world_put(&f->world, 0, offset, b + 8 - bytes, bytes);
}

struct field {
	uint64_t offset;
	unsigned int bytes;
	uint64_t value;
	int code;
	const char *part;
};

static void test_hostile_fields(void **state)
{
	static const struct field fields[] = {
		{ 4, 4, 4, -EOPNOTSUPP, "version 4" },
		{ 20, 4, 8, -EINVAL, "2^8 bytes" },
		{ 20, 4, 22, -EINVAL, "2^22 bytes" },
		{ 20, 4, 64, -EINVAL, "2^64 bytes" },
		{ 24, 8, 511, -EINVAL, "no sectors" },
		{ 24, 8, (uint64_t)PER_TABLE * CLUSTER + 1, -EINVAL, "too small" },
		{ 24, 8, UINT64_MAX, -EINVAL, "too small" },
		{ 32, 4, 1, -EOPNOTSUPP, "(AES)" },
		{ 32, 4, 2, -EOPNOTSUPP, "(LUKS)" },
		{ 32, 4, 3, -EOPNOTSUPP, "unknown method" },
		{ 36, 4, UINT32_MAX, -EINVAL, "at most" },
		{ 36, 4, 0, -EINVAL, "too small" },
		{ 40, 8, 0, -EINVAL, "which is not a cluster's" },
		{ 40, 8, 512, -EINVAL, "which is not a cluster's" },
		{ 40, 8, 1ULL << 40, -EINVAL, "beyond the end of the file" },
		{ 48, 8, 512, -EINVAL, "refcount table" },
		{ 48, 8, UINT64_MAX & ~(uint64_t)(CLUSTER - 1), -EINVAL, "refcount table" },
		{ 56, 4, UINT32_MAX, -EINVAL, "refcount table" },
		{ 60, 4, 65537, -EINVAL, "65537 snapshots" },
		{ 60, 4, 1, -EINVAL, "snapshot table" },
		{ 72, 8, 1ULL << 5, -EOPNOTSUPP, "unknown incompatible features 20" },
		{ 96, 4, 7, -EINVAL, "refcounts of 2^7 bits" },
		{ 100, 4, 103, -EINVAL, "length 103" },
		{ 100, 4, 4097, -EINVAL, "length 4097" },
		{ EXTENSIONS, 4, 0x0537be77, -EOPNOTSUPP, "(LUKS)" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *field = fields + i;
		struct fixture f;

		begin(&f);
		put_field(&f, field->offset, field->bytes, field->value);
		fixture_refused(&f, field->code, field->part);
	}
}

static void test_extended_entries_need_clusters(void **state)
{
	struct fixture f;

	for (uint32_t bits = 13; bits <= 14; bits++) {
		begin(&f);
		put_field(&f, 72, 8, 1 << 4);
		put_field(&f, 20, 4, bits);
		if (bits == 13) {
			fixture_refused(&f, -EINVAL, "need clusters of 16 KiB");
			continue;
		}
		fixture_open(&f, true);
		fixture_end(&f);
	}
}

/* The disk that one L1 entry can describe, to the byte. */
static void test_largest_disk_of_a_table(void **state)
{
	struct fixture f;

	begin(&f);
	put_field(&f, 24, 8, (uint64_t)PER_TABLE * CLUSTER);
	fixture_open(&f, true);
	assert_int_equal(f.image->size, (uint64_t)PER_TABLE * CLUSTER);
	assert_int_equal(fixture_byte(&f, f.image->size - 1), 0);
	fixture_end(&f);
	begin(&f);
	put_field(&f, 24, 8, 512);
	fixture_open(&f, true);
	assert_int_equal(f.image->size, 512);
	fixture_end(&f);
}

static void test_tables_at_the_end(void **state)
{
	struct fixture f;
	uint64_t end;

	/* 2^11 entries end where the file does; of one more the last byte is missing */
	for (uint32_t more = 0; more < 2; more++) {
		begin(&f);
		end = f.world.files[0].now.size;
		paged_resize(&f.world.files[0].now, end + CLUSTER);
		put_field(&f, 40, 8, end);
		put_field(&f, 36, 4, PER_TABLE + more);
		if (more) {
			fixture_refused(&f, -EINVAL, "L1 table of 16392 bytes");
			continue;
		}
		fixture_open(&f, true);
		assert_int_equal(fixture_byte(&f, 0), 0);
		fixture_end(&f);
	}
}

static void test_compression_types(void **state)
{
	struct fixture f;

	begin(&f);
	put_field(&f, 100, 4, 112);
	put_field(&f, 104, 1, 1);
	fixture_refused(&f, -EINVAL, "compression type without its feature bit");
	begin(&f);
	put_field(&f, 100, 4, 112);
	put_field(&f, 104, 1, 2);
	fixture_refused(&f, -EOPNOTSUPP, "unknown compression type 2");
	begin(&f);
	put_field(&f, 72, 8, 1 << 3);
	put_field(&f, 100, 4, 112);
	put_field(&f, 104, 1, 1);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 0), 0x11);
	fixture_end(&f);
}

static void put_extension(struct fixture *f, uint32_t type, uint32_t n)
{
	put_field(f, EXTENSIONS, 4, type);
	put_field(f, EXTENSIONS + 4, 4, n);
}

static void test_extensions(void **state)
{
	struct fixture f;

	/* up to the end of the first cluster, and over it */
	begin(&f);
	put_extension(&f, 0x12345678, CLUSTER - EXTENSIONS - 8);
	fixture_open(&f, true);
	fixture_end(&f);
	begin(&f);
	put_extension(&f, 0x12345678, CLUSTER - EXTENSIONS - 7);
	fixture_refused(&f, -EINVAL, "extension 12345678");
	begin(&f);
	put_extension(&f, 0x23852875, 23);
	fixture_refused(&f, -EINVAL, "bitmaps extension of 23 bytes");
	/* a name with a zero in it is two names to some */
	begin(&f);
	put_extension(&f, 0xe2792aca, 4);
	put_field(&f, EXTENSIONS + 8, 4, 0x72617700);
	fixture_refused(&f, -EINVAL, "contains a zero byte");
	begin(&f);
	put_extension(&f, 0x6803f857, 48);
	fixture_open(&f, false);
	assert_int_equal(f.image->findings.n, 0);
	fixture_end(&f);
}

static void test_short_file(void **state)
{
	struct fixture f;
	struct source *source;
	struct vd_open_how how = { .format = "qcow2" };

	for (uint64_t n = 71; n <= 72; n++) {
		begin(&f);
		paged_resize(&f.world.files[0].now, n);
		source = world_source(&f.world, 0, true);
		assert_int_equal(vd_image_open_how(source, &how, &f.image, &f.err), -EINVAL);
		assert_true(!strstr(error_msg(f.err), "too short") == (n == 72));
		source_close(&source);
		fixture_end(&f);
	}
	begin(&f);
	put_field(&f, 0, 1, 'q');
	source = world_source(&f.world, 0, true);
	assert_int_equal(vd_image_open_how(source, &how, &f.image, &f.err), -EINVAL);
	assert_non_null(strstr(error_msg(f.err), "no qcow2 header"));
	source_close(&source);
	fixture_end(&f);
}

static void test_decompresses_once(void **state)
{
	struct fixture f = { .image = NULL };

	q = (struct q2){ .version = 3, .bits = BITS, .order = 4, .size = 4 * MIB };
	q2_start(&q, &f.world, "image.qcow2");
	q2_compressed(&q, 3, 0x44, 100);
	q2_finish(&q);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 3 * CLUSTER), 0x44);
	f.world.fail_read_in = 1;
	assert_int_equal(fixture_byte(&f, 4 * CLUSTER - 1), 0x44);
	assert_false(f.world.failed);
	fixture_end(&f);
}

/* Each entry of the mapping is inside the file, and is what a cluster can be. */
static void test_damaged_mappings(void **state)
{
	struct fixture f;
	uint64_t end;

	begin(&f);
	end = f.world.files[0].now.size;
	q2_map(&q, 3, end | Q2_COPIED);
	fixture_unreadable(&f, 3 * CLUSTER, "beyond the end of the file");
	begin(&f);
	q2_map(&q, 3, (uint64_t)(CLUSTER + 512) | Q2_COPIED);
	fixture_unreadable(&f, 3 * CLUSTER, "offset is not that of a cluster");
	begin(&f);
	q2_map(&q, 3, end | Q2_COMPRESSED);
	fixture_unreadable(&f, 3 * CLUSTER, "beyond the end of the file");
	begin(&f);
	q2_put64(&q, q.l1, 512);
	fixture_unreadable(&f, 0, "L1 entry 0: L2 table at offset 512");
	begin(&f);
	paged_resize(&f.world.files[0].now, end + CLUSTER - 1);
	q2_put64(&q, q.l1, end);
	fixture_unreadable(&f, 0, "is not inside the file");
}

/* What is marked as corrupt is not written, and no file beside it is opened to be. */
static void test_corrupt_is_refused_first(void **state)
{
	struct fixture f = { .image = NULL };

	q = (struct q2){
		.version = 3, .bits = BITS, .order = 4, .size = 4 * MIB, .data_name = "not there"
	};
	q2_start(&q, &f.world, "image.qcow2");
	q2_finish(&q);
	put_field(&f, 72, 8, 1 << 2 | 1 << 1);
	assert_int_equal(fixture_try_open(&f, false), -EROFS);
	assert_non_null(strstr(error_msg(f.err), "marked as corrupt"));
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_fields),
		cmocka_unit_test(test_extended_entries_need_clusters),
		cmocka_unit_test(test_largest_disk_of_a_table),
		cmocka_unit_test(test_tables_at_the_end),
		cmocka_unit_test(test_compression_types),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_short_file),
		cmocka_unit_test(test_decompresses_once),
		cmocka_unit_test(test_damaged_mappings),
		cmocka_unit_test(test_corrupt_is_refused_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
