// SPDX-License-Identifier: GPL-2.0-or-later
/* QCOW version 1, written field by field from qemu's block/qcow.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <zlib.h>

#include "common/bytes.h"
#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"

enum {
	BITS = 9,
	CLUSTER = 1 << BITS,
	L2_BITS = 6,
	L1 = 512,
	TABLE_0 = 1024,
	TABLE_1 = 1536,
	DATA = 2048,
	CLUSTERS = 100,
	SIZE = CLUSTERS * CLUSTER,
	NAME = 64
};

#define COMPRESSED (1ULL << 63)

static void put64(struct fixture *f, uint64_t offset, uint64_t value)
{
	uint8_t b[8];

	put_be64(b, value);
	world_put(&f->world, 0, offset, b, sizeof(b));
}

static void put32(struct fixture *f, uint64_t offset, uint32_t value)
{
	uint8_t b[4];

	put_be32(b, value);
	world_put(&f->world, 0, offset, b, sizeof(b));
}

static void put8(struct fixture *f, uint64_t offset, uint8_t value)
{
	world_put(&f->world, 0, offset, &value, 1);
}

static void put_entry(struct fixture *f, unsigned int cluster, uint64_t value)
{
	uint64_t table = cluster >> L2_BITS ? TABLE_1 : TABLE_0;

	put64(f, table + (cluster & ((1U << L2_BITS) - 1)) * 8ULL, value);
}

/* Appends a cluster full of fill. */
static uint64_t put_data(struct fixture *f, unsigned int cluster, uint8_t fill)
{
	uint64_t at = f->world.files[0].now.size;
	uint8_t bytes[CLUSTER];

	memset(bytes, fill, sizeof(bytes));
	world_put(&f->world, 0, at, bytes, sizeof(bytes));
	put_entry(f, cluster, at);
	return at;
}

static uint64_t put_compressed(struct fixture *f, unsigned int cluster, uint8_t fill, size_t size)
{
	uint64_t at = f->world.files[0].now.size;
	uint8_t bytes[2 * CLUSTER], out[CLUSTER];
	z_stream z = {
		.next_in = bytes, .avail_in = (uInt)size, .next_out = out, .avail_out = sizeof(out)
	};

	memset(bytes, fill, sizeof(bytes));
	if (deflateInit2(&z, 9, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	world_put(&f->world, 0, at, out, z.total_out);
	put_entry(f, cluster, COMPRESSED | (uint64_t)z.total_out << (63 - BITS) | at);
	return at;
}

static void make(struct fixture *f)
{
	*f = (struct fixture){ .image = NULL };
	world_add(&f->world, "image.qcow", DATA);
	world_put(&f->world, 0, 0, "QFI\xfb\0\0\0\1", 8);
	put64(f, 24, SIZE);
	put8(f, 32, BITS);
	put8(f, 33, L2_BITS);
	put64(f, 40, L1);
	put64(f, L1, TABLE_0);
	put64(f, L1 + 8, TABLE_1);
}

static void put_backing(struct fixture *f, const char *name)
{
	put64(f, 8, NAME);
	put32(f, 16, (uint32_t)strlen(name));
	world_put(&f->world, 0, NAME, name, strlen(name));
}

static struct vd_extent extent_at(struct fixture *f, uint64_t offset)
{
	struct vd_extent extent = { .length = 0 };

	assert_int_equal(vd_image_extent(f->image, offset, &extent, NULL), 0);
	return extent;
}

static void test_kinds_of_clusters(void **state)
{
	static const uint8_t fills[] = { 0x11, 0x22, 0, 0x33 };
	uint8_t buf[4 * CLUSTER];
	struct fixture f;

	make(&f);
	put_data(&f, 0, 0x11);
	put_compressed(&f, 1, 0x22, CLUSTER);
	put_data(&f, 3, 0x33);
	put_data(&f, 64, 0x44);
	put_data(&f, CLUSTERS - 1, 0x55);
	fixture_open(&f, true);
	assert_string_equal(f.image->format->name, "qcow");
	assert_int_equal(f.image->size, SIZE);
	assert_int_equal(source_pread(f.disk, buf, sizeof(buf), 0, NULL), 0);
	for (unsigned int i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], fills[i / CLUSTER]);
	assert_int_equal(fixture_byte(&f, 64 * CLUSTER - 1), 0);
	assert_int_equal(fixture_byte(&f, 64 * CLUSTER), 0x44);
	assert_int_equal(fixture_byte(&f, 65 * CLUSTER - 1), 0x44);
	assert_int_equal(fixture_byte(&f, 65 * CLUSTER), 0);
	assert_int_equal(fixture_byte(&f, SIZE - 1), 0x55);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.n, 0);
	fixture_end(&f);
}

/* What is beside each other in the file as well is one extent. */
static void test_extents(void **state)
{
	struct vd_extent extent;
	struct fixture f;
	uint64_t at;

	make(&f);
	at = put_data(&f, 4, 1);
	put_data(&f, 5, 2);
	put_data(&f, 7, 3);
	put_data(&f, 6, 4);
	fixture_open(&f, true);
	extent = extent_at(&f, 0);
	assert_int_equal(extent.kind, VD_EXTENT_PARENT);
	assert_int_equal(extent.length, 4 * CLUSTER);
	extent = extent_at(&f, 4 * CLUSTER + 100);
	assert_int_equal(extent.kind, VD_EXTENT_DATA);
	assert_int_equal(extent.host_offset, at + 100);
	assert_int_equal(extent.length, 2 * CLUSTER - 100);
	extent = extent_at(&f, 6 * CLUSTER);
	assert_int_equal(extent.length, CLUSTER);
	extent = extent_at(&f, 8 * CLUSTER);
	assert_int_equal(extent.length, SIZE - 8 * CLUSTER);
	fixture_end(&f);
}

static void test_decompresses_once(void **state)
{
	struct fixture f;

	make(&f);
	put_compressed(&f, 0, 0x22, CLUSTER);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 0), 0x22);
	f.world.fail_read_in = 1;
	assert_int_equal(fixture_byte(&f, CLUSTER - 1), 0x22);
	assert_false(f.world.failed);
	fixture_end(&f);
}

/* The parent is shorter; behind its end there are zeros. */
static void test_backing_file(void **state)
{
	uint8_t bytes[3 * CLUSTER];
	struct fixture f;

	make(&f);
	put_backing(&f, "base.img");
	put_data(&f, 1, 0x11);
	world_add(&f.world, "base.img", 0);
	memset(bytes, 0x77, sizeof(bytes));
	world_put(&f.world, 1, 0, bytes, sizeof(bytes));
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 0), 0x77);
	assert_int_equal(fixture_byte(&f, CLUSTER), 0x11);
	assert_int_equal(fixture_byte(&f, 2 * CLUSTER), 0x77);
	assert_int_equal(fixture_byte(&f, 3 * CLUSTER), 0);
	/* it may be raw, and look like something else */
	assert_int_equal(f.image->findings.count[FINDING_WARNING], 1);
	fixture_end(&f);
}

static void test_names_of_any_length(void **state)
{
	static const struct {
		uint32_t n;
		bool good;
	} names[] = { { 0, false }, { 1, true }, { 1023, true }, { 1024, false } };
	char name[1025];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;

		memset(name, 'x', sizeof(name));
		make(&f);
		put64(&f, 8, DATA);
		put32(&f, 16, names[i].n);
		world_put(&f.world, 0, DATA, name, sizeof(name));
		/* where the length is right, the file is looked for */
		assert_int_equal(fixture_try_open(&f, true), names[i].good ? -ENOENT : -EINVAL);
		assert_true(names[i].good || strstr(error_msg(f.err), "expected 1 to 1023"));
		fixture_end(&f);
	}
}

static void test_hostile_headers(void **state)
{
	static const struct {
		uint64_t offset;
		uint32_t bytes;
		uint64_t value;
		int code;
		const char *part;
	} damages[] = {
		{ 36, 4, 1, -EOPNOTSUPP, "encrypted" },
		{ 32, 1, 8, -EINVAL, "2^8 bytes" },
		{ 32, 1, 17, -EINVAL, "2^17 bytes" },
		{ 33, 1, 5, -EINVAL, "2^5 entries" },
		{ 33, 1, 14, -EINVAL, "2^14 entries" },
		{ 24, 8, 511, -EINVAL, "no sectors" },
		{ 24, 8, UINT64_MAX, -EINVAL, "not inside the file" },
		/* 2^22 entries of 2^15 bytes are the most, one byte more is one more */
		{ 24, 8, (1ULL << 37) + 1, -EINVAL, "4194305 entries" },
		{ 40, 8, UINT64_MAX, -EINVAL, "not inside the file" },
		{ 40, 8, DATA - 15, -EINVAL, "not inside the file" },
		{ 40, 8, DATA + 1, -EINVAL, "not inside the file" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct fixture f;

		make(&f);
		if (damages[i].bytes == 1)
			put8(&f, damages[i].offset, (uint8_t)damages[i].value);
		else if (damages[i].bytes == 4)
			put32(&f, damages[i].offset, (uint32_t)damages[i].value);
		else
			put64(&f, damages[i].offset, damages[i].value);
		fixture_refused(&f, damages[i].code, damages[i].part);
	}
}

/* The smallest and the largest of what is allowed. */
static void test_limits(void **state)
{
	static const struct {
		uint8_t bits, l2_bits;
		uint64_t size;
	} good[] = { { 9, 6, 512 }, { 16, 13, SIZE }, { 9, 6, 512 * 64 * 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct fixture f;

		make(&f);
		put8(&f, 32, good[i].bits);
		put8(&f, 33, good[i].l2_bits);
		put64(&f, 24, good[i].size);
		/* two entries end where the file does */
		put64(&f, 40, DATA - 16);
		fixture_open(&f, true);
		assert_int_equal(f.image->size, good[i].size);
		fixture_end(&f);
	}
}

static void test_damaged_tables(void **state)
{
	struct fixture f;
	uint64_t at;

	make(&f);
	put64(&f, L1 + 8, DATA + 1);
	fixture_unreadable(&f, 64ULL * CLUSTER, "L2 table at offset 2049 is beyond the end");
	make(&f);
	put_entry(&f, 5, DATA);
	fixture_unreadable(&f, 5ULL * CLUSTER, "beyond the end of the file at 2048");
	make(&f);
	at = put_compressed(&f, 5, 0x11, CLUSTER);
	put8(&f, at, 0xff);
	fixture_unreadable(&f, 5ULL * CLUSTER, "compressed cluster at offset 2048");
	make(&f);
	put_compressed(&f, 5, 0x11, CLUSTER - 1);
	fixture_unreadable(&f, 5ULL * CLUSTER, "decompressed to 511 bytes");
	make(&f);
	put_entry(&f, 5, COMPRESSED | 100ULL << (63 - BITS) | (MIB * 64));
	fixture_unreadable(&f, 5ULL * CLUSTER, "compressed cluster at offset");
}

/* A file may end inside its last cluster: what is missing are zeros. */
static void test_short_file(void **state)
{
	struct fixture f;
	uint64_t at;

	make(&f);
	at = put_data(&f, 5, 0x11);
	paged_resize(&f.world.files[0].now, at + 100);
	fixture_open(&f, true);
	assert_int_equal(fixture_byte(&f, 5 * CLUSTER + 99), 0x11);
	assert_int_equal(fixture_byte(&f, 5 * CLUSTER + 100), 0);
	assert_int_equal(fixture_byte(&f, 6 * CLUSTER - 1), 0);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_clusters),
		cmocka_unit_test(test_extents),
		cmocka_unit_test(test_decompresses_once),
		cmocka_unit_test(test_backing_file),
		cmocka_unit_test(test_names_of_any_length),
		cmocka_unit_test(test_hostile_headers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_damaged_tables),
		cmocka_unit_test(test_short_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
