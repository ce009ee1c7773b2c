// SPDX-License-Identifier: GPL-2.0-or-later
/* VMDK descriptors, and the parents that they name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/format/vmdk/descriptor.h"
#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"
#include "tests/unit/vdattach/vmdk/vmdk_make.h"

#define VBOX_CHILD_TEXT                                                    \
	"# Disk DescriptorFile\nversion=1\nCID=aa\nparentCID=ffffffff\n"   \
	"createType=\"monolithicSparse\"\nRW 4797 SPARSE \"child.vmdk\"\n" \
	"ddb.uuid.parent=\"01010101-0101-0101-0101-010101010101\"\n"       \
	"ddb.uuid.parentmodification=\"02020202-0202-0202-0202-020202020202\"\n"

static const struct vmdk_spec vbox_child = { 1, 2, SECTORS, GRAIN, VBOX_CHILD_TEXT };

static void assert_refused(struct fixture *f, bool read_only, int code, const char *part)
{
	assert_int_equal(fixture_try_open(f, read_only), code);
	if (!strstr(error_msg(f->err), part))
		fail_msg("'%s' does not say '%s'", error_msg(f->err), part);
	error_release(&f->err);
}

static void test_descriptor(void **state)
{
	static const char text[] = "# Disk DescriptorFile\r\nversion = 1\r\n  CID=00Ab\r\n"
				   "parentCID=FFFFFFFF\r\nunknown thing\r\nother = 7\r\n"
				   "RW 10 FLAT \"a b.vmdk\" 20\r\nRDONLY 5 ZERO\r\n"
				   "NOACCESS 6 SPARSE \"c\"\r\n";
	struct vmdk_descriptor d;

	assert_int_equal(vmdk_descriptor_parse(text, sizeof(text), "x", &d, NULL), 0);
	assert_int_equal(d.cid, 0xab);
	assert_memory_equal(text + d.cid_at, "00Ab", d.cid_digits);
	assert_false(vmdk_has_parent(&d));
	assert_int_equal(d.n_extents, 3);
	assert_string_equal(d.extents[0].file, "a b.vmdk");
	assert_int_equal(d.extents[0].offset, 20);
	assert_true(d.extents[0].writable);
	assert_int_equal(d.extents[1].type, VMDK_ZERO);
	assert_false(d.extents[1].writable);
	assert_false(d.extents[2].accessible);
	vmdk_descriptor_release(&d);
}

static void test_names_become_utf8(void **state)
{
	static const char text[] = "\xef\xbb\xbf\r\n# made by hand\r\n# Disk DescriptorFile\r\n"
				   "encoding=\"windows-1252\"\r\n"
				   "parentFileNameHint=\"M\xfcller.vmdk\"\r\n"
				   "RW 10 FLAT \"5 \x80 \x8d.vmdk\" 0\r\n";
	struct vmdk_descriptor d;

	assert_true(vmdk_is_descriptor(text, sizeof(text)));
	assert_int_equal(vmdk_descriptor_parse(text, sizeof(text), "x", &d, NULL), 0);
	assert_string_equal(d.parent_hint, "M\u00fcller.vmdk");
	assert_int_equal(d.n_extents, 1);
	assert_string_equal(d.extents[0].file, "5 \u20ac \xc2\x8d.vmdk");
	vmdk_descriptor_release(&d);
}

/* VMware goes by the version, which must be the first setting; scripts vary the heading. */
static void test_descriptor_is_known(void **state)
{
	static const char *const are[] = {
		"# Disk DescriptorFile\nCID=1\n",      "#Disk Descriptor File\nversion=1\n",
		"  # disk descriptorfile\r\n",	       "# made by a script\n\nversion=1\nCID=1\n",
		"version=2\r\nencoding=\"UTF-8\"\r\n",
	};
	static const char *const are_not[] = {
		"# Disk\n# other\nx", "version=\n", "version=x\n",  "CID=1\nversion=1\n",
		"# Disk Descriptor",  "\n\n",	    "versions=1\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(are); i++)
		assert_true(vmdk_is_descriptor(are[i], strlen(are[i])));
	for (size_t i = 0; i < ARRAY_SIZE(are_not); i++)
		assert_false(vmdk_is_descriptor(are_not[i], strlen(are_not[i])));
}

static void test_descriptor_refused(void **state)
{
	static const char *const texts[] = {
		"CID=123456789\n",
		"CID=xyz\n",
		"CID=\n",
		"version=9\n",
		"RW\n",
		"RW 5\n",
		"RW x FLAT \"a\"\n",
		"RW 5 FLAT\n",
		"RW 5 SPARSE \n",
		"RW 5 FLAT \"a\" zz\n",
		"RW 99999999999999999999 FLAT \"a\"\n",
	};
	struct vmdk_descriptor d;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_error_ struct error *err = NULL;

		assert_int_equal(vmdk_descriptor_parse(texts[i], strlen(texts[i]), "x", &d, &err),
				 -EINVAL);
		assert_non_null(strstr(error_msg(err), "line 1"));
	}
}

static void test_parent_refused(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "child.vmdk", 0);
	vmdk_put(&f.world, 0, &child);
	assert_refused(&f, false, -ENOENT, "base.vmdk");
	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 1, &base);
	/* somebody writes to the parent: the child must not be used any more */
	world_put(&f.world, 1, 512 + (uint64_t)(strstr(BASE_TEXT, "1234abcd") - BASE_TEXT), "9", 1);
	assert_refused(&f, false, -ESTALE, "9234abcd");
	fixture_end(&f);
}

/* The parent's path is that of another machine or directory; beside the child, its content id
 * tells.
 */
static void test_parent_from_elsewhere(void **state)
{
	static const char *const hints[] = { "../a b/base.vmdk", "/vmfs/volumes/store/vm/base.vmdk",
					     "sub/base.vmdk" };

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		struct fixture f = { .image = NULL };
		struct vmdk_spec spec = child;
		char text[512];

		snprintf(text, sizeof(text),
			 "# Disk DescriptorFile\nversion=1\nCID=aa\nparentCID=1234abcd\n"
			 "parentFileNameHint=\"%s\"\nRW 4797 SPARSE \"child.vmdk\"\n",
			 hints[i]);
		spec.descriptor = text;
		world_add(&f.world, "child.vmdk", 0);
		vmdk_put(&f.world, 0, &spec);
		assert_refused(&f, true, -ENOENT, "base.vmdk");
		world_add(&f.world, "base.vmdk", 0);
		vmdk_put(&f.world, 1, &base);
		vmdk_put_grain(&f.world, 1, &base, 0, 0x55);
		fixture_open(&f, true);
		assert_int_equal(fixture_byte(&f, 0), 0x55);
		fixture_end(&f);
	}
}

/* A renamed parent is known by its content id, but for the one of all new disks. */
static void test_parent_by_content_id(void **state)
{
	struct fixture f = { .image = NULL };
	struct vmdk_spec spec = child;

	world_add(&f.world, "child.vmdk", 0);
	vmdk_put(&f.world, 0, &child);
	world_add(&f.world, "another.vmdk", 0);
	vmdk_put(&f.world, 1, &vbox_child);
	world_add(&f.world, "part.vmdk", 0);
	vmdk_put(&f.world, 2, &part1);
	assert_refused(&f, true, -ENOENT, "base.vmdk");
	world_add(&f.world, "renamed.vmdk", 0);
	vmdk_put(&f.world, 3, &base);
	vmdk_put_grain(&f.world, 3, &base, 0, 0x55);
	fixture_open(&f, false);
	assert_int_equal(fixture_byte(&f, 0), 0x55);
	fixture_close(&f);
	spec.descriptor = "# Disk DescriptorFile\nversion=1\nCID=aa\nparentCID=fffffffe\n"
			  "parentFileNameHint=\"base.vmdk\"\nRW 4797 SPARSE \"child.vmdk\"\n";
	vmdk_put(&f.world, 0, &spec);
	spec.descriptor = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
			  "RW 4797 SPARSE \"base.vmdk\"\n";
	vmdk_put(&f.world, 3, &spec);
	assert_refused(&f, true, -ENOENT, "base.vmdk");
	fixture_end(&f);
}

/* VirtualBox gives UUIDs only; a reader that looks at the CID alone would see an empty disk. */
static void test_vbox_child(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "child.vmdk", 0);
	vmdk_put(&f.world, 0, &vbox_child);
	assert_refused(&f, true, -ENOENT, "01010101-");
	world_add(&f.world, "any name.vmdk", 0);
	vmdk_put(&f.world, 1, &base);
	vmdk_put_grain(&f.world, 1, &base, 599, 0x44);
	fixture_open(&f, false);
	assert_int_equal(fixture_byte(&f, BYTES - 1), 0x44);
	fixture_end(&f);
}

/* Sums of sizes that no disk has. */
static void test_impossible_sizes(void **state)
{
	static const char *const extents[] = {
		"RW 18446744073709551615 ZERO\n",
		"RW 36028797018963968 ZERO\n",
		"RW 18014398509481984 ZERO\n",
		"RW 9007199254740992 ZERO\nRW 9007199254740992 ZERO\n",
		"RW 8 FLAT \"flat\" 36028797018963968\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(extents); i++) {
		struct fixture f = { .image = NULL };
		char text[512];
		int n = snprintf(text, sizeof(text),
				 "# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n%s",
				 extents[i]);

		world_add(&f.world, "image.vmdk", 0);
		world_put(&f.world, 0, 0, text, (size_t)n);
		world_add(&f.world, "flat", 4096);
		fixture_refused(&f, -EINVAL, "impossible");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_impossible_sizes),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_names_become_utf8),
		cmocka_unit_test(test_descriptor_is_known),
		cmocka_unit_test(test_descriptor_refused),
		cmocka_unit_test(test_parent_refused),
		cmocka_unit_test(test_parent_from_elsewhere),
		cmocka_unit_test(test_parent_by_content_id),
		cmocka_unit_test(test_vbox_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
