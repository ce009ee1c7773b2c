// SPDX-License-Identifier: GPL-2.0-or-later
/* The files of a VMDK whose names are in the encoding of the host that wrote its descriptor. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"

enum { NONE = -ENOENT, BOTH = -EINVAL };

/* What the descriptor says, and the files that there are: 1 and 2 are found, or it fails so. */
struct name_case {
	const char *encoding, *written, *first, *second;
	int found;
};

static void put_descriptor(struct fixture *f, const struct name_case *c)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "# Disk DescriptorFile\nversion=1\n%s%s%sCID=12345678\n"
			 "parentCID=ffffffff\ncreateType=\"custom\"\nRW 8 FLAT \"%s\" 0\n",
			 c->encoding ? "encoding=\"" : "", c->encoding ? c->encoding : "",
			 c->encoding ? "\"\n" : "", c->written);

	world_add(&f->world, "image.vmdk", 0);
	world_put(&f->world, 0, 0, text, (size_t)n);
}

static void try_name(const struct name_case *c)
{
	struct fixture f = { .image = NULL };
	int r;

	put_descriptor(&f, c);
	for (uint8_t i = 1; i <= 2; i++) {
		const char *name = i == 1 ? c->first : c->second;

		if (name)
			world_put(&f.world, world_add(&f.world, name, 4096), 0, &i, 1);
	}
	r = fixture_try_open(&f, true);
	if (r == 0) {
		fixture_close(&f);
		fixture_open(&f, true);
		r = fixture_byte(&f, 0);
	}
	if (r != c->found)
		fail_msg("%s in %s, beside %s and %s: %d, expected %d: %s", c->written,
			 c->encoding ? c->encoding : "anything", c->first,
			 c->second ? c->second : "none", r, c->found,
			 f.err ? error_msg(f.err) : "");
	if (r == BOTH && !strstr(error_msg(f.err), "may be"))
		fail_msg("%s", error_msg(f.err));
	fixture_end(&f);
}

#define XITONG_GBK  "\xcf\xb5\xcd\xb3.bin"
#define XITONG_BIG5 "\xa8t\xb2\xce.bin" /* the first has an ASCII letter as its second byte */
#define DISK_SJIS   "\x83\x66\x83\x42\x83\x58\x83N.bin"
#define DISK_KANA   "\xc3\xde\xa8\xbd\xb8.bin" /* of one byte each */
#define DISK_1251   "\xc4\xe8\xf1\xea.bin"

static void test_encodings(void **state)
{
	static const struct name_case cases[] = {
		{ "GBK", XITONG_GBK, "系统.bin", NULL, 1 },
		{ "gb18030", XITONG_GBK, "系统.bin", NULL, 1 },
		{ "windows-936", XITONG_GBK, "系统.bin", NULL, 1 },
		{ "EUC-KR", "\xb5\xf0\xbd\xba.bin", "디스.bin", NULL, 1 },
		{ "Big5", XITONG_BIG5, "系統.bin", NULL, 1 },
		{ "Shift_JIS", DISK_SJIS, "ディスク.bin", NULL, 1 },
		{ "windows-932", DISK_SJIS, "ディスク.bin", NULL, 1 },
		{ "SJIS", DISK_KANA, "ﾃﾞｨｽｸ.bin", NULL, 1 },
		{ "windows-1251", DISK_1251, "Диск.bin", NULL, 1 },
		/* not said: any that fits */
		{ NULL, XITONG_GBK, "系统.bin", NULL, 1 },
		{ NULL, DISK_1251, "Диск.bin", NULL, 1 },
		/* punctuation may be of either kind */
		{ "windows-1252", "a\x85.bin", "a….bin", NULL, 1 },
		/* and GBK and Shift_JIS have letters that are not ideographs */
		{ "GBK", "\xa7\xa5.bin", "Д.bin", NULL, 1 },
		{ "Shift_JIS", "\x84\x44.bin", "Д.bin", NULL, 1 },
		{ "Shift_JIS", "\x83\xbf.bin", "α.bin", NULL, 1 },
		{ "Shift_JIS", "\x81\x60.bin", "×.bin", NULL, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_name(cases + i);
}

static void test_names_that_do_not_fit(void **state)
{
	static const struct name_case cases[] = {
		/* more and fewer characters, in front and behind */
		{ "GBK", XITONG_GBK, "系.bin", NULL, NONE },
		{ "GBK", XITONG_GBK, "系统系.bin", NULL, NONE },
		{ "GBK", XITONG_GBK, "系统.binx", NULL, NONE },
		{ "GBK", XITONG_GBK, "系统.bi", NULL, NONE },
		{ "GBK", XITONG_GBK, "x系统.bin", NULL, NONE },
		{ "windows-1251", DISK_1251, "Дис.bin", NULL, NONE },
		/* ASCII is what it is */
		{ "windows-1251", "a\xc4.bin", "bД.bin", NULL, NONE },
		{ "windows-1251", "\xc4z.bin", "Дя.bin", NULL, NONE },
		/* four letters are no ideographs, two ideographs no letters */
		{ "windows-1251", DISK_1251, "系统系统.bin", NULL, NONE },
		{ "GBK", XITONG_GBK, "Ди.bin", NULL, NONE },
		{ "Shift_JIS", DISK_KANA, "Дискд.bin", NULL, NONE },
		{ "Shift_JIS", "\x82\xbf.bin", "α.bin", NULL, NONE },
		{ "Shift_JIS", "\x85\xbf.bin", "α.bin", NULL, NONE },
		{ "GBK", "\xb0\xa1.bin", "Д.bin", NULL, NONE },
		/* nothing to decode, or elsewhere */
		{ "GBK", "a.bin", "b.bin", NULL, NONE },
		{ "GBK", "sub/" XITONG_GBK, "系统.bin", NULL, NONE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_name(cases + i);
}

/* Of two that fit, neither is taken; one of them that fits is. */
static void test_two_files(void **state)
{
	static const struct name_case cases[] = {
		{ "GBK", XITONG_GBK, "系统.bin", "統系.bin", BOTH },
		{ "windows-1251", DISK_1251, "Диск.bin", "Киск.bin", BOTH },
		{ NULL, XITONG_GBK, "系统.bin", "Диск.bin", BOTH },
		{ "windows-1251", DISK_1251, "系统系统.bin", "Диск.bin", 2 },
		{ "GBK", XITONG_GBK, "系统.bin", "系统2.bin", 1 },
		/* its very name */
		{ "UTF-8", "系统.bin", "統系.bin", "系统.bin", 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_name(cases + i);
}

/* An extent of a split disk, beside its descriptor or another file. */
static void put_piece(struct fixture *f, const char *descriptor, const char *text)
{
	world_add(&f->world, "s001.vmdk", 0);
	vmdk_put(&f->world, 0, &part1);
	world_add(&f->world, descriptor, 0);
	world_put(&f->world, 1, 0, text, strlen(text));
}

#define HEAD "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"

static void test_piece_of_a_disk(void **state)
{
	static const struct {
		const char *descriptor, *text;
		bool refused;
	} cases[] = {
		{ "disk.vmdk", HEAD "RW 800 SPARSE \"s001.vmdk\"\nRW 8 ZERO\n", true },
		{ "disk.VMDK", HEAD "RW 8 ZERO\nRW 800 SPARSE \"dir/s001.vmdk\"\n", true },
		{ "disk.vmdk", HEAD "RW 800 SPARSE \"s001.vmdk\"\n", false },
		{ "disk.vmdk", HEAD "RW 8 ZERO\nRW 800 SPARSE \"s002.vmdk\"\n", false },
		{ "disk.vmd", HEAD "RW 800 SPARSE \"s001.vmdk\"\nRW 8 ZERO\n", false },
		{ "vmdk", HEAD "RW 800 SPARSE \"s001.vmdk\"\nRW 8 ZERO\n", false },
		{ "disk.vmdk", "something else", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f = { .image = NULL };

		put_piece(&f, cases[i].descriptor, cases[i].text);
		if (cases[i].refused) {
			fixture_refused(&f, -EINVAL, "one extent of the VMDK disk 'disk.");
			continue;
		}
		fixture_open(&f, true);
		assert_int_equal(f.image->size, 800 * 512);
		fixture_end(&f);
	}
}

/* Asked for by its format, it is what it is. */
static void test_piece_that_is_asked_for(void **state)
{
	struct fixture f = { .image = NULL };
	struct vd_open_how how = { .format = "vmdk", .resolver = &f.resolver };
	struct source *source;

	put_piece(&f, "disk.vmdk", HEAD "RW 800 SPARSE \"s001.vmdk\"\nRW 8 ZERO\n");
	f.resolver = world_resolver(&f.world);
	source = world_source(&f.world, 0, true);
	assert_int_equal(vd_image_open_how(source, &how, &f.image, NULL), 0);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_names_that_do_not_fit),
		cmocka_unit_test(test_two_files),
		cmocka_unit_test(test_piece_of_a_disk),
		cmocka_unit_test(test_piece_that_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
