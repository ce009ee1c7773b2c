// SPDX-License-Identifier: GPL-2.0-or-later
/* How a QCOW2 names its backing file: plainly, or by qemu's options in JSON. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

enum { BITS = 12, CLUSTER = 1 << BITS, EXTENSIONS = 104, NAME = 256 };

static void begin(struct fixture *f, const char *backing)
{
	static struct q2 q;

	*f = (struct fixture){ .image = NULL };
	q = (struct q2){
		.version = 3, .bits = BITS, .order = 4, .size = 1 * MIB, .backing = backing
	};
	q2_start(&q, &f->world, "image.qcow2");
	q2_finish(&q);
}

static void put_field(struct fixture *f, uint64_t offset, unsigned int bytes, uint64_t value)
{
	uint8_t b[8];

	put_be64(b, value);
	world_put(&f->world, 0, offset, b + 8 - bytes, bytes);
}

static void add_parent(struct fixture *f)
{
	uint8_t bytes[CLUSTER];

	memset(bytes, 0x99, sizeof(bytes));
	world_add(&f->world, "base", 4 * MIB);
	world_put(&f->world, 1, CLUSTER, bytes, sizeof(bytes));
}

#define NESTED(inner) "{\"a\":" inner "}"
#define SEVEN(inner)  NESTED(NESTED(NESTED(NESTED(NESTED(NESTED(NESTED(inner)))))))
#define KEY_100                                                                                    \
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"890123456789"
#define KEY_127	 KEY_100 "012345678901234567890123456"
#define FILENAME "\"file.filename\":\"base\""

static void test_names_of_parents(void **state)
{
	static const char *const names[] = {
		"base",
		"json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"base\"}}",
		"json:{" FILENAME "}",
		"json:{ \"driver\" : \"file\" ,\n\t\"filename\" : \"base\" }",
		"json:{\"file.filename\":\"b\\u0061s\\u0065\"}",
		"json:{\"read-only\":true,\"n\":-1.5E+3,\"x\":{},\"y\":{\"filename\":\"no\"}"
		"," FILENAME "}",
		"json:{\"file.filename\":\"no\"," FILENAME "}",
		"json:{" FILENAME ",\"b\":" SEVEN("1") "}",
		"json:{" FILENAME ",\"" KEY_127 "\":1}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;

		begin(&f, names[i]);
		add_parent(&f);
		if (fixture_try_open(&f, true) < 0)
			fail_msg("%s: %s", names[i], error_msg(f.err));
		fixture_close(&f);
		fixture_open(&f, true);
		assert_int_equal(fixture_byte(&f, CLUSTER), 0x99);
		fixture_end(&f);
	}
}

/* Not said, said as old versions did, and as it is. */
static void test_formats_of_parents(void **state)
{
	static const struct {
		const char *name;
		unsigned int warnings;
	} formats[] = { { "", 1 }, { "raw", 0 }, { "file", 0 }, { "host_device", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		uint32_t n = (uint32_t)strlen(formats[i].name);
		struct fixture f;

		begin(&f, "base");
		add_parent(&f);
		put_field(&f, EXTENSIONS, 4, n ? 0xe2792aca : 0);
		put_field(&f, EXTENSIONS + 4, 4, n);
		put_field(&f, EXTENSIONS + 8, 8, 0);
		world_put(&f.world, 0, EXTENSIONS + 8, formats[i].name, n);
		fixture_open(&f, true);
		assert_int_equal(f.image->findings.count[FINDING_WARNING], formats[i].warnings);
		assert_string_equal(f.image->parent->format->name, "raw");
		assert_int_equal(fixture_byte(&f, CLUSTER), 0x99);
		fixture_end(&f);
	}
}

static void test_bad_names_of_parents(void **state)
{
	static const struct {
		const char *name, *part;
	} names[] = {
		{ "json:{}", "no file.filename" },
		{ "json:[]", "not a JSON object" },
		{ "json:{" FILENAME, "not a JSON object" },
		{ "json:{" FILENAME "}x", "not a JSON object" },
		{ "json:{" FILENAME ",}", "not a JSON object" },
		{ "json:{" FILENAME ",\"x\"}", "not a JSON object" },
		{ "json:{" FILENAME ",\"x\":[1]}", "not a JSON object" },
		{ "json:{\"file.filename\":\"base", "not a JSON object" },
		{ "json:{\"file.filename\":\"base\\", "not a JSON object" },
		{ "json:{\"file.filename\":\"b\\u00", "not a JSON object" },
		{ "json:{\"file.filename\":\"b\\u0000\"}", "not a JSON object" },
		{ "json:{\"file.filename\":\"b\\ud800\"}", "not a JSON object" },
		{ "json:{\"file.filename\":\"b\\udfff\"}", "not a JSON object" },
		{ "json:{\"file.filename\":\"b\\u00zz\"}", "not a JSON object" },
		{ "json:{\"file.filename\":\"b\\x\"}", "not a JSON object" },
		{ "json:{" FILENAME ",\"b\":" SEVEN("{}") "}", "not a JSON object" },
		{ "json:{" FILENAME ",\"" KEY_127 "x\":1}", "not a JSON object" },
		{ "json:{\"file.driver\":\"nbd\"," FILENAME "}",
		  "only files are parents, not nbd" },
		{ "json:{\"file\":{\"driver\":\"https\",\"url\":\"x\"}}", "not https" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct fixture f;

		begin(&f, names[i].name);
		add_parent(&f);
		assert_int_equal(fixture_try_open(&f, true), -EOPNOTSUPP);
		if (!strstr(error_msg(f.err), names[i].part))
			fail_msg("%s: %s", names[i].name, error_msg(f.err));
		fixture_end(&f);
	}
}

static void test_place_of_name(void **state)
{
	static const struct {
		uint64_t offset, n;
		bool good;
	} places[] = {
		{ CLUSTER - 4, 4, true },     { CLUSTER - 3, 4, false },
		{ NAME, 0, false },	      { NAME, 1024, false },
		{ UINT64_MAX - 2, 4, false }, { (uint64_t)CLUSTER * 2, 4, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct fixture f;

		begin(&f, "base");
		add_parent(&f);
		put_field(&f, 8, 8, places[i].offset);
		put_field(&f, 16, 4, places[i].n);
		if (!places[i].good) {
			fixture_refused(&f, -EINVAL, "expected 1 to 1023");
			continue;
		}
		world_put(&f.world, 0, places[i].offset, "base", 4);
		fixture_open(&f, true);
		assert_int_equal(fixture_byte(&f, CLUSTER), 0x99);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_parents),
		cmocka_unit_test(test_formats_of_parents),
		cmocka_unit_test(test_bad_names_of_parents),
		cmocka_unit_test(test_place_of_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
