// SPDX-License-Identifier: GPL-2.0-or-later
/* Dynamic and differencing VHD: reading, refusing, writing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/memory.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/vhd/vhd_disks.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"

/* Opens file 0 and keeps what is needed to read it. */
struct open {
	struct vd_resolver resolver;
	struct vd_image *image;
	struct source *disk;
	struct error *err;
	int result;
};

static void open_world(struct world *world, bool read_only, struct open *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->resolver = world_resolver(world);
	ret->result = world_open(world, &ret->resolver, read_only, &ret->image, &ret->err);
	if (ret->result == 0)
		assert_int_equal(vd_image_view(ret->image, &ret->disk, NULL), 0);
}

static void open_close(struct open *o)
{
	source_close(&o->disk);
	vd_image_close(&o->image);
	error_release(&o->err);
}

static void assert_refused(struct world *world, bool read_only, int code, const char *part)
{
	struct open o;

	open_world(world, read_only, &o);
	assert_int_equal(o.result, code);
	if (!strstr(error_msg(o.err), part))
		fail_msg("expected '%s' in: %s", part, error_msg(o.err));
	open_close(&o);
}

static uint8_t byte_at(const struct open *o, uint64_t offset)
{
	uint8_t byte = 0x5a;

	assert_int_equal(source_pread(o->disk, &byte, 1, offset, NULL), 0);
	return byte;
}

static void make_dynamic(struct world *world)
{
	vhd_add(world, "image.vhd", &dynamic);
	vhd_put_block(world, 0, &dynamic, 3, 0xff, 0x33);
	vhd_put_block(world, 0, &dynamic, 1, 0xa0, 0x44);
}

static void make_chain(struct world *world, const char *base)
{
	vhd_add(world, "image.vhd", &child);
	vhd_put_block(world, 0, &child, 1, 0x0f, 0xcc);
	vhd_add(world, base, &dynamic);
	vhd_put_block(world, 1, &dynamic, 1, 0xff, 0xbb);
	vhd_put_block(world, 1, &dynamic, 2, 0xff, 0xdd);
}

static void test_dynamic_reads_by_bitmap(void **state)
{
	struct world world = { .n = 0 };
	struct open o;

	make_dynamic(&world);
	open_world(&world, false, &o);
	assert_int_equal(o.result, 0);
	assert_string_equal(o.image->variant, "dynamic");
	assert_int_equal(o.image->size, SIZE);
	assert_int_equal(byte_at(&o, 0), 0);
	assert_int_equal(byte_at(&o, 3 * BLOCK), 0x33);
	assert_int_equal(byte_at(&o, 4 * BLOCK - 1), 0x33);
	assert_int_equal(byte_at(&o, 4 * BLOCK), 0);
	/* bits 1010 0000: what was never written reads as zeros, whatever lies there */
	assert_int_equal(byte_at(&o, BLOCK), 0x44);
	assert_int_equal(byte_at(&o, BLOCK + 512), 0);
	assert_int_equal(byte_at(&o, BLOCK + 1024), 0x44);
	assert_int_equal(byte_at(&o, BLOCK + 1536), 0);
	assert_int_equal(vd_image_check(o.image, NULL), 0);
	assert_int_equal(o.image->findings.n, 0);
	open_close(&o);
	world_release(&world);
}

static void test_differencing_reads_parent(void **state)
{
	/* relative locator, absolute locator, name in the header: each alone leads there */
	static const char *const names[] = { ".\\base.vhd", "C:\\vm\\base.vhd", "base.vhd" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct world world = { .n = 0 };
		struct open o;

		make_chain(&world, names[i]);
		open_world(&world, false, &o);
		assert_int_equal(o.result, 0);
		assert_string_equal(o.image->variant, "differencing");
		assert_true(o.image->parent->read_only);
		assert_int_equal(byte_at(&o, BLOCK), 0xbb);
		assert_int_equal(byte_at(&o, BLOCK + 4 * 512), 0xcc);
		assert_int_equal(byte_at(&o, BLOCK + 8 * 512), 0xbb);
		assert_int_equal(byte_at(&o, 2 * BLOCK), 0xdd);
		assert_int_equal(byte_at(&o, 3 * BLOCK), 0);
		open_close(&o);
		world_release(&world);
	}
}

/* Renamed, or with a locator that leads nowhere: the id tells which file it is. */
static void test_parent_by_id(void **state)
{
	struct world world = { .n = 0 };
	struct vhd_spec other = dynamic;
	struct open o;

	make_chain(&world, "renamed");
	world_add(&world, "base.vhd", 0);
	other.id = 0x77;
	vhd_put(&world, 2, &other);
	open_world(&world, false, &o);
	assert_int_equal(o.result, 0);
	assert_string_equal(o.image->parent->source->name, "renamed");
	assert_int_equal(byte_at(&o, BLOCK), 0xbb);
	open_close(&o);
	world_release(&world);
}

static void test_parent_is_never_written(void **state)
{
	struct world world = { .n = 0 };
	struct paged before;
	uint8_t sector[512], was[512], is[512];
	struct open o;

	make_chain(&world, "base.vhd");
	paged_copy(&before, &world.files[1].now);
	open_world(&world, false, &o);
	memset(sector, 0x99, sizeof(sector));
	/* a piece of a sector: the rest of it is copied from the parent */
	assert_int_equal(source_pwrite(o.disk, sector, 100, BLOCK + 50, NULL), 0);
	assert_int_equal(source_pwrite(o.disk, sector, 512, 2 * BLOCK - 256, NULL), 0);
	assert_int_equal(source_flush(o.disk, NULL), 0);
	assert_int_equal(byte_at(&o, BLOCK + 49), 0xbb);
	assert_int_equal(byte_at(&o, BLOCK + 50), 0x99);
	assert_int_equal(byte_at(&o, BLOCK + 149), 0x99);
	assert_int_equal(byte_at(&o, BLOCK + 150), 0xbb);
	assert_int_equal(byte_at(&o, 2 * BLOCK + 255), 0x99);
	assert_int_equal(byte_at(&o, 2 * BLOCK + 256), 0xdd);
	open_close(&o);
	assert_int_equal(before.size, world.files[1].now.size);
	for (uint64_t at = 0; at + 512 <= before.size; at += 512) {
		paged_read(&before, was, 512, at);
		paged_read(&world.files[1].now, is, 512, at);
		assert_memory_equal(was, is, 512);
	}
	paged_release(&before);
	world_release(&world);
}

static void test_parent_refused(void **state)
{
	struct vhd_spec other = dynamic;
	struct world world = { .n = 0 };
	struct source *source;
	struct vd_image *image = NULL;
	struct error *err = NULL;

	make_chain(&world, "elsewhere.vhd");
	other.id = 0x77;
	vhd_put(&world, 1, &other);
	assert_refused(&world, true, -ENOENT, "its parent cannot be opened");
	snprintf(world.files[1].name, sizeof(world.files[1].name), "base.vhd");
	assert_refused(&world, true, -ESTALE, "has the id 7777");
	/* a parent that is itself: a cycle */
	snprintf(world.files[1].name, sizeof(world.files[1].name), "x");
	snprintf(world.files[0].name, sizeof(world.files[0].name), "base.vhd");
	assert_refused(&world, true, -ELOOP, "cycle");
	/* who opens an image alone never gets half a chain */
	source = world_source(&world, 0, true);
	assert_int_equal(open_format(source, NULL, &image, &err), -EPERM);
	assert_non_null(strstr(error_msg(err), "base.vhd"));
	error_release(&err);
	source_close(&source);
	world_release(&world);
}

static void make_long_chain(struct world *world, unsigned int n)
{
	char name[16], next[16];

	for (unsigned int i = 0; i < n; i++) {
		struct vhd_spec spec = i + 1 < n ? child : dynamic;

		snprintf(name, sizeof(name), "%u.vhd", i);
		snprintf(next, sizeof(next), "%u.vhd", i + 1);
		world_add(world, name, 0);
		spec.id = (uint8_t)(i + 1);
		spec.parent_id = (uint8_t)(i + 2);
		spec.absolute = NULL;
		spec.relative = spec.parent_name = next;
		vhd_put(world, i, &spec);
		vhd_put_block(world, i, &spec, i % 10, 0xff, (uint8_t)(i + 1));
	}
}

static void test_depth(void **state)
{
	struct world world = { .n = 0 };
	struct open o;

	make_long_chain(&world, 64);
	open_world(&world, true, &o);
	assert_int_equal(o.result, 0);
	assert_int_equal(byte_at(&o, 5 * BLOCK), 6);
	assert_int_equal(byte_at(&o, 8 * BLOCK), 9);
	open_close(&o);
	world_release(&world);
	make_long_chain(&world, 65);
	assert_refused(&world, true, -ELOOP, "more than 64 images");
	world_release(&world);
}

static void test_given_parent(void **state)
{
	struct vd_open_how how = { .format = NULL };
	struct world world = { .n = 0 };
	struct vd_image *image = NULL, *parent = NULL;
	struct source *source;
	uint8_t byte = 0;

	make_chain(&world, "renamed.vhd");
	source = world_source(&world, 1, true);
	assert_int_equal(open_format(source, NULL, &parent, NULL), 0);
	how.parent = parent;
	source = world_source(&world, 0, false);
	assert_int_equal(vd_image_open_how(source, &how, &image, NULL), 0);
	assert_int_equal(vd_image_pread(image, &byte, 1, BLOCK, NULL), 0);
	assert_int_equal(byte, 0xbb);
	vd_image_close(&image);
	/* a disk that continues nothing is no difference */
	how.parent = NULL;
	source = world_source(&world, 1, true);
	assert_int_equal(open_format(source, NULL, &parent, NULL), 0);
	how.parent = parent;
	vhd_put(&world, 0, &dynamic);
	source = world_source(&world, 0, false);
	assert_int_equal(vd_image_open_how(source, &how, &image, NULL), -EINVAL);
	source_close(&source);
	vd_image_close(&parent);
	world_release(&world);
}

static void test_footers(void **state)
{
	struct world world = { .n = 0 };
	uint8_t zero[512] = { 0 };
	struct open o;

	make_dynamic(&world);
	/* the one at the end is gone: the copy in front serves, and the next block repairs it */
	world_put(&world, 0, world.files[0].now.size - 512, zero, 512);
	open_world(&world, false, &o);
	assert_int_equal(o.result, 0);
	assert_int_equal(byte_at(&o, 3 * BLOCK), 0x33);
	assert_int_equal(source_pwrite(o.disk, zero, 512, 0, NULL), 0);
	assert_int_equal(source_flush(o.disk, NULL), 0);
	open_close(&o);
	/* now the one in front is gone */
	world_put(&world, 0, 0, zero, 512);
	open_world(&world, false, &o);
	assert_int_equal(o.result, 0);
	assert_int_equal(byte_at(&o, 3 * BLOCK), 0x33);
	assert_int_equal(source_pwrite(o.disk, zero, 512, 5 * BLOCK, NULL), 0);
	open_close(&o);
	open_world(&world, false, &o);
	assert_int_equal(vd_image_check(o.image, NULL), 0);
	assert_int_equal(o.image->findings.count[FINDING_WARNING], 0);
	open_close(&o);
	/* both damaged: nothing to go by */
	world_put(&world, 0, 100, "x", 1);
	world_put(&world, 0, world.files[0].now.size - 400, "x", 1);
	assert_refused(&world, false, -EINVAL, "no valid copy");
	assert_refused(&world, true, -EINVAL, "no valid copy");
	world_release(&world);
}

/* Puts a number somewhere into a good image, signs the header, and expects a refusal. */
static void assert_damage(uint64_t offset, uint64_t value, unsigned int n, int code,
			  const char *part)
{
	struct world world = { .n = 0 };
	uint8_t header[1024], bytes[8];

	make_dynamic(&world);
	put_be64(bytes, value);
	world_put(&world, 0, offset, bytes + 8 - n, n);
	if (offset >= 512 && offset < VHD_TABLE && offset != 512 + 36) {
		paged_read(&world.files[0].now, header, sizeof(header), 512);
		vhd_sign(header, sizeof(header), 36);
		world_put(&world, 0, 512, header, sizeof(header));
	}
	assert_refused(&world, false, code, part);
	world_release(&world);
}

static void test_hostile_tables(void **state)
{
	uint64_t entry = VHD_TABLE;

	assert_damage(512, 0, 8, -EINVAL, "no VHD header at offset 512");
	assert_damage(512 + 36, 1, 4, -EROFS, "wrong checksum");
	assert_damage(512 + 24, 0x20000, 4, -EOPNOTSUPP, "version 2.0");
	assert_damage(512 + 32, 0, 4, -EINVAL, "block size 0");
	assert_damage(512 + 32, BLOCK + 512, 4, -EINVAL, "block size");
	assert_damage(512 + 32, 1U << 31, 4, -EINVAL, "block size");
	assert_damage(512 + 28, 2, 4, -EINVAL, "too few");
	assert_damage(512 + 28, UINT32_MAX, 4, -EINVAL, "is not inside the file");
	assert_damage(512 + 16, UINT64_MAX - 511, 8, -EINVAL, "is not inside the file");
	assert_damage(entry, 0, 4, -EROFS, "over header, table or locator");
	assert_damage(entry, 3, 4, -EROFS, "over header, table or locator");
	assert_damage(entry, 0x7fffffff, 4, -EROFS, "beyond the end of the file");
	assert_damage(entry, VHD_FIRST / 512, 4, -EROFS, "two blocks in one place");
	assert_damage(entry, VHD_FIRST / 512 + 1, 4, -EROFS, "two blocks in one place");
}

/* Nothing says that tables begin with a sector: such a disk is read, but not written. */
static void test_table_between_sectors(void **state)
{
	uint8_t bytes[VHD_TABLE - 512 + VHD_ENTRIES * 4];
	struct world world = { .n = 0 };
	struct open o;

	make_dynamic(&world);
	paged_read(&world.files[0].now, bytes, sizeof(bytes), 512);
	put_be64(bytes + 16, VHD_TABLE + 100);
	vhd_sign(bytes, 1024, 36);
	world_put(&world, 0, 512, bytes, 1024);
	world_put(&world, 0, VHD_TABLE + 100, bytes + 1024, VHD_ENTRIES * 4);
	assert_refused(&world, false, -EINVAL, "table");
	open_world(&world, true, &o);
	assert_int_equal(byte_at(&o, 3 * BLOCK), 0x33);
	open_close(&o);
	world_release(&world);
}

static void test_two_flushes_for_many_blocks(void **state)
{
	struct world world = { .n = 0 };
	uint8_t sector[512] = { 1 };
	uint64_t before;
	struct open o;

	vhd_add(&world, "image.vhd", &dynamic);
	open_world(&world, false, &o);
	before = world.flushes;
	for (uint64_t block = 0; block < 10; block++)
		assert_int_equal(source_pwrite(o.disk, sector, 512, block * BLOCK, NULL), 0);
	assert_int_equal(source_flush(o.disk, NULL), 0);
	assert_int_equal(world.flushes - before, 2);
	assert_int_equal(source_pwrite(o.disk, sector, 512, 0, NULL), 0);
	assert_int_equal(source_flush(o.disk, NULL), 0);
	assert_int_equal(world.flushes - before, 3);
	open_close(&o);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_dynamic_reads_by_bitmap),
					    cmocka_unit_test(test_differencing_reads_parent),
					    cmocka_unit_test(test_parent_by_id),
					    cmocka_unit_test(test_parent_is_never_written),
					    cmocka_unit_test(test_parent_refused),
					    cmocka_unit_test(test_depth),
					    cmocka_unit_test(test_given_parent),
					    cmocka_unit_test(test_footers),
					    cmocka_unit_test(test_hostile_tables),
					    cmocka_unit_test(test_table_between_sectors),
					    cmocka_unit_test(test_two_flushes_for_many_blocks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
