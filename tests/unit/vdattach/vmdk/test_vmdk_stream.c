// SPDX-License-Identifier: GPL-2.0-or-later
/* streamOptimized VMDKs, written field by field from VMware's specification. */
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
	SECTOR = 512,
	GRAIN = 16 * SECTOR,
	GRAINS = 600, /* two tables */
	LAST = 3 * SECTOR,
	CAPACITY = ((GRAINS - 1) * GRAIN + LAST) / SECTOR,
	DESCRIPTOR = 1,
	ENTRIES = 512,
	FOOTER_BYTES = 3 * SECTOR,
};

#define MARKERS	   (1u << 17)
#define COMPRESSED (1u << 16)
#define IN_FOOTER  UINT64_MAX

#define TEXT                                                                   \
	"# Disk DescriptorFile\nversion=1\nCID=1234abcd\nparentCID=ffffffff\n" \
	"createType=\"streamOptimized\"\nRW 9587 SPARSE \"image.vmdk\"\n"

struct stream {
	struct fixture f;
	uint32_t flags;
	uint32_t entries[2 * ENTRIES];
	uint64_t footer; /* where it is */
};

static uint64_t stream_end(struct stream *s)
{
	return s->f.world.files[0].now.size;
}

static void put(struct stream *s, uint64_t offset, const void *bytes, size_t n)
{
	world_put(&s->f.world, 0, offset, bytes, n);
}

static void put32(struct stream *s, uint64_t offset, uint32_t value)
{
	uint8_t b[4];

	put_le32(b, value);
	put(s, offset, b, sizeof(b));
}

static void stream_align(struct stream *s)
{
	paged_resize(&s->f.world.files[0].now, (stream_end(s) + SECTOR - 1) / SECTOR * SECTOR);
}

static void stream_header(struct stream *s, uint8_t *h, uint64_t directory)
{
	memset(h, 0, SECTOR);
	memcpy(h, "KDMV", 4);
	put_le32(h + 4, 3);
	put_le32(h + 8, s->flags | 1);
	put_le64(h + 12, CAPACITY);
	put_le64(h + 20, GRAIN / SECTOR);
	put_le64(h + 28, DESCRIPTOR);
	put_le64(h + 36, 1);
	put_le32(h + 44, ENTRIES);
	put_le64(h + 56, directory);
	put_le64(h + 64, 2);
	memcpy(h + 73, "\n \r\n", 4);
	put_le16(h + 77, 1);
}

static void stream_start(struct stream *s, uint32_t flags)
{
	uint8_t h[SECTOR];

	*s = (struct stream){ .flags = flags };
	world_add(&s->f.world, "image.vmdk", 2ULL * SECTOR);
	stream_header(s, h, IN_FOOTER);
	put(s, 0, h, sizeof(h));
	put(s, SECTOR, TEXT, sizeof(TEXT) - 1);
}

/* Appends a grain of size bytes full of fill. Returns where its stream begins. */
static uint64_t stream_grain(struct stream *s, uint32_t grain, uint8_t fill, size_t size)
{
	uint64_t at = stream_end(s), skip = s->flags & MARKERS ? 12 : 0;
	uint8_t bytes[GRAIN], out[GRAIN], marker[12];
	uLongf n = sizeof(out);

	memset(bytes, fill, sizeof(bytes));
	assert_int_equal(compress2(out, &n, bytes, size, 9), Z_OK);
	put_le64(marker, (uint64_t)grain * (GRAIN / SECTOR));
	put_le32(marker + 8, (uint32_t)n);
	if (skip)
		put(s, at, marker, sizeof(marker));
	put(s, at + skip, out, n);
	stream_align(s);
	s->entries[grain] = (uint32_t)(at / SECTOR);
	return at + skip;
}

/* Tables, directory and footer, each with a marker. */
static void stream_finish(struct stream *s)
{
	uint8_t h[SECTOR], marker[SECTOR] = { 0 };
	uint64_t tables, directory;

	stream_align(s);
	tables = stream_end(s) + SECTOR;
	for (uint32_t i = 0; i < 2 * ENTRIES; i++)
		put32(s, tables + i * 4ULL, s->entries[i]);
	directory = stream_end(s) + SECTOR;
	put32(s, directory, (uint32_t)(tables / SECTOR));
	put32(s, directory + 4, (uint32_t)(tables / SECTOR) + 4);
	stream_align(s);
	s->footer = stream_end(s);
	put_le64(marker, 1);
	put_le32(marker + 12, 3);
	put(s, s->footer, marker, sizeof(marker));
	stream_header(s, h, directory / SECTOR);
	put(s, s->footer + SECTOR, h, sizeof(h));
	memset(h, 0, sizeof(h));
	put(s, s->footer + 2 * SECTOR, h, sizeof(h));
}

static void assert_grains(struct stream *s)
{
	uint8_t buf[2 * GRAIN];

	assert_string_equal(s->f.image->format->name, "vmdk");
	assert_true(s->f.image->read_only);
	assert_int_equal(s->f.image->size, (uint64_t)CAPACITY * SECTOR);
	assert_int_equal(source_pread(s->f.disk, buf, sizeof(buf), GRAIN / 2, NULL), 0);
	for (unsigned int i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], i < GRAIN / 2 ? 0x11 : i < 3 * GRAIN / 2 ? 0x22 : 0);
	assert_int_equal(fixture_byte(&s->f, 511ULL * GRAIN), 0);
	assert_int_equal(fixture_byte(&s->f, 512ULL * GRAIN), 0x33);
	assert_int_equal(fixture_byte(&s->f, s->f.image->size - 1), 0x44);
	assert_int_equal(vd_image_check(s->f.image, NULL), 0);
	if (s->f.image->findings.count[FINDING_ERROR])
		fail_msg("%s", s->f.image->findings.items[0].text);
}

static void put_grains(struct stream *s, uint32_t flags)
{
	stream_start(s, flags);
	stream_grain(s, 0, 0x11, GRAIN);
	stream_grain(s, 1, 0x22, GRAIN);
	stream_grain(s, 512, 0x33, GRAIN);
	/* as long as the disk, or a whole grain, as the writer likes */
	stream_grain(s, GRAINS - 1, 0x44, flags & MARKERS ? LAST : GRAIN);
}

static void test_stream_is_read(void **state)
{
	static const uint32_t flags[] = { COMPRESSED | MARKERS, COMPRESSED };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct stream s;

		put_grains(&s, flags[i]);
		stream_finish(&s);
		fixture_open(&s.f, false);
		assert_grains(&s);
		fixture_end(&s.f);
	}
}

/* A transfer may have added zeros, up to 64 KiB, and not always whole sectors. */
static void test_padding_behind_footer(void **state)
{
	static const struct {
		uint64_t n;
		bool good;
	} paddings[] = {
		{ 1, true }, { 512, true }, { 64 * KIB, true }, { 64 * KIB + 512, false }
	};

	for (size_t i = 0; i < ARRAY_SIZE(paddings); i++) {
		struct stream s;

		put_grains(&s, COMPRESSED | MARKERS);
		stream_finish(&s);
		paged_resize(&s.f.world.files[0].now, stream_end(&s) + paddings[i].n);
		if (paddings[i].good) {
			fixture_open(&s.f, true);
			assert_grains(&s);
			fixture_end(&s.f);
		} else {
			fixture_refused(&s.f, -EINVAL, "no VMDK footer");
		}
	}
}

static void test_footer_is_missing(void **state)
{
	static const struct {
		uint64_t at;
		uint32_t value;
	} damages[] = {
		{ 12, 2 },		     /* the marker is another */
		{ SECTOR, 0 },		     /* no magic */
		{ SECTOR, 0x44574f43 },	     /* of another kind */
		{ SECTOR + 56, UINT32_MAX }, /* with the next, points to a footer again */
	};
	struct stream s;

	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		put_grains(&s, COMPRESSED | MARKERS);
		stream_finish(&s);
		put32(&s, s.footer + damages[i].at, damages[i].value);
		if (damages[i].value == UINT32_MAX)
			put32(&s, s.footer + damages[i].at + 4, damages[i].value);
		fixture_refused(&s.f, -EINVAL, "no VMDK footer");
	}
	put_grains(&s, COMPRESSED | MARKERS);
	stream_finish(&s);
	paged_resize(&s.f.world.files[0].now, s.footer);
	fixture_refused(&s.f, -EINVAL, "no VMDK footer");
	/* nothing but a header and a sector */
	stream_start(&s, COMPRESSED | MARKERS);
	paged_resize(&s.f.world.files[0].now, 2 * SECTOR);
	fixture_refused(&s.f, -EINVAL, "no VMDK footer");
}

static void test_damaged_grains(void **state)
{
	struct stream s;
	uint64_t at;

	stream_start(&s, COMPRESSED | MARKERS);
	at = stream_grain(&s, 0, 0x11, GRAIN);
	put32(&s, at - 12, 16);
	stream_finish(&s);
	fixture_unreadable(&s.f, 0, "its marker is of another grain");

	stream_start(&s, COMPRESSED | MARKERS);
	at = stream_grain(&s, 0, 0x11, GRAIN);
	put32(&s, at - 4, 0);
	stream_finish(&s);
	fixture_unreadable(&s.f, 0, "impossible size");

	stream_start(&s, COMPRESSED | MARKERS);
	at = stream_grain(&s, 0, 0x11, GRAIN);
	put32(&s, at - 4, 64 * MIB);
	stream_finish(&s);
	fixture_unreadable(&s.f, 0, "impossible size");

	stream_start(&s, COMPRESSED | MARKERS);
	at = stream_grain(&s, 0, 0x11, GRAIN);
	put32(&s, at, 0xffffffff);
	stream_finish(&s);
	fixture_unreadable(&s.f, 0, "VMDK grain 0 at offset");

	stream_start(&s, COMPRESSED | MARKERS);
	stream_grain(&s, 0, 0x11, GRAIN - SECTOR);
	stream_finish(&s);
	fixture_unreadable(&s.f, 0, "holds less than a grain");

	/* in the last sector of the file, and longer than that */
	stream_start(&s, COMPRESSED | MARKERS);
	stream_grain(&s, 0, 0x11, GRAIN);
	stream_finish(&s);
	put32(&s, (s.entries[0] + 1 + 1) * (uint64_t)SECTOR,
	      (uint32_t)(stream_end(&s) / SECTOR) - 1);
	put32(&s, stream_end(&s) - SECTOR + 8, SECTOR);
	fixture_unreadable(&s.f, 0, "runs over the end of the file");
}

/* At the very end, and one byte less of the file. */
static void test_grain_ends_the_file(void **state)
{
	for (unsigned int less = 0; less < 2; less++) {
		struct stream s;
		uint8_t h[SECTOR], bytes[GRAIN], out[GRAIN];
		uLongf n = sizeof(out);
		uint64_t at, tables;

		stream_start(&s, COMPRESSED | MARKERS);
		tables = stream_end(&s);
		at = tables + 8 * SECTOR + SECTOR;
		put32(&s, tables, (uint32_t)(at / SECTOR));
		put32(&s, tables + 8 * SECTOR, (uint32_t)(tables / SECTOR));
		put32(&s, tables + 8 * SECTOR + 4, (uint32_t)(tables / SECTOR) + 4);
		stream_header(&s, h, tables / SECTOR + 8);
		put(&s, 0, h, sizeof(h));
		memset(bytes, 0x55, sizeof(bytes));
		assert_int_equal(compress2(out, &n, bytes, GRAIN, 9), Z_OK);
		put32(&s, at, 0);
		put32(&s, at + 4, 0);
		put32(&s, at + 8, (uint32_t)n);
		put(&s, at + 12, out, n - less);
		if (less) {
			fixture_unreadable(&s.f, 0, "runs over the end of the file");
			continue;
		}
		fixture_open(&s.f, true);
		assert_int_equal(fixture_byte(&s.f, GRAIN - 1), 0x55);
		fixture_end(&s.f);
	}
}

static void test_decompresses_once(void **state)
{
	struct stream s;

	put_grains(&s, COMPRESSED | MARKERS);
	stream_finish(&s);
	fixture_open(&s.f, true);
	assert_int_equal(fixture_byte(&s.f, 0), 0x11);
	memset(s.f.world.files[0].now.pages[s.entries[0] * SECTOR / PAGED_SIZE]->bytes +
		       s.entries[0] * SECTOR % PAGED_SIZE,
	       0, 12);
	assert_int_equal(fixture_byte(&s.f, GRAIN - 1), 0x11);
	fixture_end(&s.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_is_read),
		cmocka_unit_test(test_padding_behind_footer),
		cmocka_unit_test(test_footer_is_missing),
		cmocka_unit_test(test_damaged_grains),
		cmocka_unit_test(test_grain_ends_the_file),
		cmocka_unit_test(test_decompresses_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
