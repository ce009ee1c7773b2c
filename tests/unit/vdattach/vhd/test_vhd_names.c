// SPDX-License-Identifier: GPL-2.0-or-later
/* The names that a differencing VHD has for its parent, in UTF-16 and perhaps not what they say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"

enum { BLOCK = 4096, SIZE = 8 * BLOCK, HEADER = 512, AT = VHD_FIRST - 1024 };

static const struct vhd_spec parent = { .type = 3, .size = SIZE, .block_size = BLOCK, .id = 1 };
static const struct vhd_spec orphan = {
	.type = 4, .size = SIZE, .block_size = BLOCK, .id = 2, .parent_id = 1
};

#define DECOY "decoy" /* the parent's copy, which the search by id finds first */

/* A child that names no parent, and a parent that only its name finds. */
static void begin(struct fixture *f, const char *name)
{
	*f = (struct fixture){ .image = NULL };
	vhd_add(&f->world, "child.vhd", &orphan);
	if (!name)
		return;
	vhd_add(&f->world, DECOY, &parent);
	vhd_put_block(&f->world, 1, &parent, 0, 0xff, 0x66);
	vhd_add(&f->world, name, &parent);
	vhd_put_block(&f->world, 2, &parent, 0, 0xff, 0x44);
}

struct locator {
	const char *code;
	uint32_t length;
	uint64_t offset;
	const uint16_t *text; /* ends with 0 */
};

static void put_locator(struct fixture *f, unsigned int i, const struct locator *l)
{
	uint8_t header[1024], *b = header + 576 + i * 24UL, unit[2];

	paged_read(&f->world.files[0].now, header, sizeof(header), HEADER);
	memcpy(b, l->code, 4);
	put_be32(b + 4, 512);
	put_be32(b + 8, l->length);
	put_be64(b + 16, l->offset);
	vhd_sign(header, sizeof(header), 36);
	world_put(&f->world, 0, HEADER, header, sizeof(header));
	for (size_t k = 0; l->text && l->text[k]; k++) {
		put_le16(unit, l->text[k]);
		world_put(&f->world, 0, AT + i * 512UL + k * 2, unit, 2);
	}
}

static void assert_found(struct fixture *f, const char *name, unsigned int warnings)
{
	fixture_open(f, true);
	assert_string_equal(f->image->parent->source->name, name);
	assert_int_equal(f->image->findings.count[FINDING_WARNING], warnings);
	assert_int_equal(fixture_byte(f, 0), strcmp(name, DECOY) == 0 ? 0x66 : 0x44);
	fixture_end(f);
}

#define NAME(...) ((const uint16_t[]){ __VA_ARGS__, 0 })
#define P_VHD	  'p', '.', 'v', 'h', 'd'

static void test_names_in_utf16(void **state)
{
	const struct {
		const uint16_t *text;
		uint32_t length;
		const char *name;
	} names[] = {
		{ (const uint16_t[]){ P_VHD, 0 }, 10, "p.vhd" },
		/* an odd byte is none, whatever follows; a zero ends it */
		{ (const uint16_t[]){ P_VHD, 'x', 0 }, 11, "p.vhd" },
		{ (const uint16_t[]){ P_VHD, 0 }, 512, "p.vhd" },
		{ (const uint16_t[]){ 0x7cfb, 0xe4, 'x', 0 }, 6, "系äx" },
		/* U+1F4BE, and what is next to the surrogates */
		{ (const uint16_t[]){ 0xd83d, 0xdcbe, 'x', 0 }, 6, "💾x" },
		{ (const uint16_t[]){ 0xd7ff, 0xe000, 0 }, 4, "\xed\x9f\xbf\xee\x80\x80" },
		{ (const uint16_t[]){ 0xdbff, 0xdfff, 0 }, 4, "\xf4\x8f\xbf\xbf" },
		{ (const uint16_t[]){ 0xd800, 0xdc00, 0 }, 4, "\xf0\x90\x80\x80" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;

		begin(&f, names[i].name);
		put_locator(&f, 0, &(struct locator){ "W2ru", names[i].length, AT, names[i].text });
		assert_found(&f, names[i].name, 0);
	}
}

/* Half of a character names nothing; the parent is looked for by its id. */
static void test_broken_utf16(void **state)
{
	const uint16_t *const texts[] = {
		(const uint16_t[]){ 0xd83d, 'x', 0 },	 (const uint16_t[]){ 0xd83d, 0xd83d, 0 },
		(const uint16_t[]){ 'x', 0xd83d, 0 },	 (const uint16_t[]){ 0xdcbe, 'x', 0 },
		(const uint16_t[]){ 0xd83d, 0xe000, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct fixture f;

		begin(&f, "other");
		put_locator(&f, 0, &(struct locator){ "W2ru", 4, AT, texts[i] });
		assert_found(&f, DECOY, 0);
	}
}

/* One that is not inside the file is left out, and another one counts. */
static void test_locators_outside(void **state)
{
	static const struct {
		uint32_t length;
		uint64_t offset;
	} bad[] = {
		{ 0, AT },
		{ UINT32_MAX, AT },
		{ 10, UINT64_MAX },
		{ 10, UINT64_MAX - 4 },
		{ 10, VHD_FIRST + 512 - 9 },
		{ 10, VHD_FIRST + 513 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fixture f;

		begin(&f, "p.vhd");
		put_locator(&f, 0, &(struct locator){ "W2ru", bad[i].length, bad[i].offset, NULL });
		put_locator(&f, 1, &(struct locator){ "W2ku", 10, AT + 512, NAME(P_VHD) });
		assert_found(&f, "p.vhd", 1);
	}
}

/* The relative one comes first, then the absolute one; others are of other systems. */
static void test_order_of_locators(void **state)
{
	struct fixture f;

	begin(&f, "p.vhd");
	vhd_add(&f.world, "q.vhd", &parent);
	put_locator(&f, 0, &(struct locator){ "W2ku", 10, AT, NAME('q', '.', 'v', 'h', 'd') });
	put_locator(&f, 1, &(struct locator){ "W2ru", 10, AT + 512, NAME(P_VHD) });
	assert_found(&f, "p.vhd", 0);
	begin(&f, "p.vhd");
	put_locator(&f, 0, &(struct locator){ "MacX", 10, AT, NAME('q', '.', 'v', 'h', 'd') });
	put_locator(&f, 1, &(struct locator){ "W2ku", 10, AT + 512, NAME(P_VHD) });
	assert_found(&f, "p.vhd", 0);
}

static void test_no_name_at_all(void **state)
{
	struct fixture f;

	begin(&f, NULL);
	fixture_refused(&f, -EINVAL, "names no parent");
	/* nor does it need one that is given */
	begin(&f, "renamed");
	assert_found(&f, DECOY, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_in_utf16),	 cmocka_unit_test(test_broken_utf16),
		cmocka_unit_test(test_locators_outside), cmocka_unit_test(test_order_of_locators),
		cmocka_unit_test(test_no_name_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
