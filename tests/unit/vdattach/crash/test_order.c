// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has to be on the disk before what is written next, where a power cut that tells seldom
 * comes: the marks of a session, recovery, and tables that grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "applets/vdattach/source/recovery.h"
#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"
#include "tests/unit/vdattach/vhd/vhd_make.h"
#include "tests/unit/vdattach/vhdx/vhdx_make.h"
#include "tests/unit/vdattach/vmdk/vmdk_disks.h"

enum { CLUSTER = 512, COUNTED = 64 /* clusters by one block of refcounts */ };

static size_t first_op(const struct world *world, size_t from, enum world_op_kind kind,
		       uint64_t start, uint64_t end)
{
	for (size_t i = from; i < world->n_ops; i++) {
		const struct world_op *op = world->ops + i;

		if (op->kind == kind &&
		    (kind == OP_FLUSH || (op->offset >= start && op->offset < end)))
			return i;
	}
	return world->n_ops;
}

/* The first write between these offsets of file 0, which there must be. */
static size_t find_write(const struct world *world, size_t from, uint64_t start, uint64_t end)
{
	size_t i = first_op(world, from, OP_WRITE, start, end);

	if (i == world->n_ops)
		fail_msg("nothing was written between %llu and %llu", (unsigned long long)start,
			 (unsigned long long)end);
	return i;
}

static void assert_flushed(const struct world *world, size_t before, size_t after)
{
	if (first_op(world, before + 1, OP_FLUSH, 0, 0) >= after)
		fail_msg("no flush between operations %zu and %zu of %zu", before, after,
			 world->n_ops);
}

/* The last operation is a flush: nothing is left to be lost. */
static void assert_ends_flushed(const struct world *world)
{
	assert_true(world->n_ops > 0);
	assert_int_equal(world->ops[world->n_ops - 1].kind, OP_FLUSH);
}

static void write_at(struct fixture *f, uint64_t offset)
{
	static const uint8_t bytes[CLUSTER] = { 0x77, 0x78 };

	assert_int_equal(source_pwrite(f->disk, bytes, sizeof(bytes), offset, NULL), 0);
}

static void q2_begin(struct q2 *q, struct fixture *f)
{
	*q = (struct q2){ .version = 3, .bits = 9, .order = 6, .size = 4 * MIB };
	q2_start(q, &f->world, "image.qcow2");
}

/* Data, until so many clusters are in use when the refcounts are there. */
static void q2_fill_up(struct q2 *q, uint64_t clusters)
{
	uint64_t data = clusters - clusters / COUNTED;

	for (uint64_t i = 0; q->next < data; i++)
		q2_data(q, i, 1, 0);
	q2_finish(q);
	assert_int_equal(q->next, clusters);
}

static void test_new_refcount_block(void **state)
{
	static struct q2 q;
	struct fixture f = { .image = NULL };
	size_t table, mapping;

	q2_begin(&q, &f);
	q2_fill_up(&q, 3 * COUNTED);
	fixture_open(&f, false);
	world_record(&f.world);
	write_at(&f, 190 * CLUSTER);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	table = find_write(&f.world, 0, q.reftable, q.reftable + CLUSTER);
	mapping = find_write(&f.world, table, q.l1, 3 * COUNTED * CLUSTER);
	assert_flushed(&f.world, table, mapping);
	assert_ends_flushed(&f.world);
	fixture_end(&f);
}

/* Blocks, then the new table, then the header that names it, then what is counted there. */
static void test_refcount_table_moves(void **state)
{
	static struct q2 q;
	struct fixture f = { .image = NULL };
	size_t table, header, mapping;

	q2_begin(&q, &f);
	q2_fill_up(&q, COUNTED * COUNTED);
	fixture_open(&f, false);
	world_record(&f.world);
	write_at(&f, 4000 * CLUSTER);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	header = find_write(&f.world, 0, 0, CLUSTER);
	assert_true(q2_get64(&q, 48) >= COUNTED * COUNTED * CLUSTER);
	table = find_write(&f.world, 0, q2_get64(&q, 48), UINT64_MAX);
	assert_true(table < header);
	mapping = find_write(&f.world, header, q.l1, COUNTED * COUNTED * CLUSTER);
	for (size_t next = table; next < header;) {
		table = next;
		next = first_op(&f.world, table + 1, OP_WRITE, q2_get64(&q, 48), UINT64_MAX);
	}
	assert_flushed(&f.world, table, header);
	assert_flushed(&f.world, header, mapping);
	fixture_end(&f);
}

/* A cluster that is counted, and that nothing refers to. */
static uint64_t q2_leak(struct q2 *q)
{
	uint64_t at = q->next;

	q2_data(q, 1000, 1, 0);
	q2_data(q, 1001, 1, 0);
	q2_map(q, 1000, 0);
	return at << q->bits;
}

/* What refers to it may be written and not be on the disk yet; nor may it be empty and counted. */
static void test_leaks_are_freed(void **state)
{
	struct fixture f = { .world.holes = true };
	size_t counted, zeroed;
	uint64_t leak, block;
	static struct q2 q;

	q2_begin(&q, &f);
	leak = q2_leak(&q);
	q2_finish(&q);
	block = q2_get64(&q, q.reftable);
	fixture_open(&f, false);
	world_record(&f.world);
	write_at(&f, 1001 * CLUSTER);
	assert_int_equal(f.world.ops[0].kind, OP_FLUSH);
	counted = find_write(&f.world, 0, block, block + CLUSTER);
	zeroed = first_op(&f.world, counted, OP_ZERO, leak, leak + CLUSTER);
	assert_true(zeroed < f.world.n_ops);
	assert_flushed(&f.world, counted, zeroed);
	fixture_end(&f);
}

/* The file is as long as it is used before it counts as sound, and sound when it is opened. */
static void test_repair_ends(void **state)
{
	static const uint8_t dirty = 1;
	struct fixture f = { .image = NULL };
	size_t cut, clean;
	static struct q2 q;

	q2_begin(&q, &f);
	q2_data(&q, 0, 1, 0);
	q.end_at = 40;
	q2_finish(&q);
	/* and behind the end something is counted */
	q2_put64(&q, q2_get64(&q, q.reftable) + 60 * 8, 1);
	world_put(&f.world, 0, 79, &dirty, 1);
	world_record(&f.world);
	fixture_open(&f, false);
	/* what is read is what a cut would leave */
	assert_int_equal(f.world.ops[0].kind, OP_FLUSH);
	clean = find_write(&f.world, 0, 72, 80);
	cut = first_op(&f.world, 0, OP_RESIZE, 0, UINT64_MAX);
	assert_flushed(&f.world, cut, clean);
	assert_ends_flushed(&f.world);
	assert_int_equal(q2_get64(&q, 72), 0);
	fixture_end(&f);
}

/* A persistent bitmap is valid until somebody writes who does not keep it up to date. */
static void test_bitmaps_become_invalid(void **state)
{
	struct fixture f = { .image = NULL };
	size_t mark, data;
	static struct q2 q;

	q2_begin(&q, &f);
	q2_data(&q, 1, 1, 0);
	q2_bitmap(&q);
	q2_finish(&q);
	fixture_open(&f, false);
	/* the user is told before it happens */
	assert_int_equal(f.image->findings.count[FINDING_WARNING], 1);
	assert_int_equal(vd_image_check(f.image, NULL), 0);
	assert_int_equal(f.image->findings.n, 1);
	world_record(&f.world);
	write_at(&f, 1 * CLUSTER);
	mark = find_write(&f.world, 0, 88, 96);
	data = find_write(&f.world, 0, CLUSTER, UINT64_MAX);
	assert_flushed(&f.world, mark, data);
	assert_int_equal(q2_get64(&q, 88), 0);
	fixture_end(&f);
}

/* While the footer moves, the copy in front is what counts. */
static void test_copy_of_footer(void **state)
{
	static const struct vhd_spec dynamic = {
		.type = 3, .size = 10 * 16384, .block_size = 16384, .id = 0x11
	};
	static const uint8_t bad = 'x';
	struct fixture f = { .image = NULL };
	size_t copy;

	vhd_add(&f.world, "image.vhd", &dynamic);
	world_put(&f.world, 0, 0, &bad, 1);
	fixture_open(&f, false);
	world_record(&f.world);
	write_at(&f, 0);
	copy = find_write(&f.world, 0, 0, 1);
	assert_flushed(&f.world, copy, find_write(&f.world, copy + 1, 0, UINT64_MAX));
	fixture_end(&f);
}

/* The log is empty when what it holds is in its place. */
static void test_log_is_replayed(void **state)
{
	const struct vx vx = { .size = 2 * MIB, .id = 1 };
	struct fixture f = { .image = NULL };
	uint8_t page[4096] = { 0 };
	size_t replayed, header;
	uint64_t block;

	vx_make(&f.world, "a.vhdx", &vx);
	block = vx_block(&f.world, 0, 0, MIB, 6, 'x');
	vx_bat(&f.world, 0, 0, 0, VX_NOT_PRESENT);
	vx_header(&f.world, 0, 0, 3, 1, 9);
	put_le64(page, block | VX_FULL);
	vx_log_page(&f.world, 0, 10, 10, 5, 9, VX_BAT, page, 0);
	world_record(&f.world);
	fixture_open(&f, false);
	replayed = find_write(&f.world, 0, VX_BAT, VX_BAT + 4096);
	header = find_write(&f.world, replayed, 64 * KIB, 192 * KIB);
	assert_flushed(&f.world, replayed, header);
	assert_ends_flushed(&f.world);
	fixture_end(&f);
}

/* All of a disk that needs no tables. */
static void test_fixed_disk_is_flushed(void **state)
{
	uint8_t footer[512];

	for (unsigned int vhd = 0; vhd < 2; vhd++) {
		struct fixture f = { .image = NULL };

		world_add(&f.world, vhd ? "image.vhd" : "image", 64 * KIB);
		vhd_footer(footer, 2, 64 * KIB, "test");
		if (vhd)
			world_put(&f.world, 0, 64 * KIB, footer, sizeof(footer));
		fixture_open(&f, false);
		assert_string_equal(f.image->format->name, vhd ? "vhd" : "raw");
		world_record(&f.world);
		write_at(&f, 0);
		assert_int_equal(source_flush(f.disk, NULL), 0);
		assert_ends_flushed(&f.world);
		fixture_end(&f);
	}
}

static void test_session_of_vmdk_ends(void **state)
{
	struct fixture f = { .image = NULL };

	world_add(&f.world, "base.vmdk", 0);
	vmdk_put(&f.world, 0, &base);
	fixture_open(&f, false);
	world_record(&f.world);
	write_at(&f, 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	fixture_close(&f);
	assert_ends_flushed(&f.world);
	fixture_end(&f);
}

/* A descriptor of its own has an id, by which children notice that the disk was changed. */
static void test_each_file_of_vmdk_is_flushed(void **state)
{
	struct fixture f = { .image = NULL };
	bool pending[WORLD_FILES] = { false };

	put_split(&f.world);
	fixture_open(&f, false);
	world_record(&f.world);
	write_at(&f, 0);
	assert_int_equal(source_flush(f.disk, NULL), 0);
	find_write(&f.world, 0, 0, strlen(SPLIT_TEXT));
	for (size_t i = 0; i < f.world.n_ops; i++)
		pending[f.world.ops[i].file] = f.world.ops[i].kind != OP_FLUSH;
	for (unsigned int i = 0; i < f.world.n; i++) {
		if (pending[i])
			fail_msg("%s is not flushed", f.world.files[i].name);
	}
	fixture_end(&f);
}

static void open_with(struct fixture *f, struct recovery *recovery)
{
	struct vd_open_how how = { .resolver = &f->resolver };
	struct source *source = world_source(&f->world, 0, false);

	f->resolver = world_resolver(&f->world);
	source->recovery = recovery;
	if (vd_image_open_how(source, &how, &f->image, &f->err) < 0)
		fail_msg("%s", error_msg(f->err));
	assert_int_equal(vd_image_view(f->image, &f->disk, NULL), 0);
}

/* The tables that a killed process had in memory name data in each of the files. */
static void test_tables_are_rescued(void **state)
{
	struct fixture f = { .image = NULL }, killed;
	struct recovery recovery, again;
	int fd = memfd_create("recovery", MFD_CLOEXEC);
	size_t n;

	assert_int_equal(recovery_init(&recovery, fd, NULL), 0);
	put_split(&f.world);
	open_with(&f, &recovery);
	write_at(&f, 0);
	killed = f;
	f.image = NULL;
	f.disk = NULL;
	world_record(&f.world);
	assert_int_equal(recovery_init(&again, fd, NULL), 0);
	open_with(&f, &again);
	n = first_op(&f.world, 0, OP_WRITE, 0, UINT64_MAX);
	assert_int_equal(f.world.ops[n].file, 1);
	for (unsigned int file = 1; file < f.world.n; file++) {
		size_t i = 0;

		while (i < n && (f.world.ops[i].kind != OP_FLUSH || f.world.ops[i].file != file))
			i++;
		if (i == n)
			fail_msg("%s is not flushed", f.world.files[file].name);
	}
	assert_int_equal(fixture_byte(&f, 0), 0x77);
	fixture_close(&f);
	source_close(&killed.disk);
	vd_image_close(&killed.image);
	world_release(&f.world);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_refcount_block),
		cmocka_unit_test(test_refcount_table_moves),
		cmocka_unit_test(test_leaks_are_freed),
		cmocka_unit_test(test_repair_ends),
		cmocka_unit_test(test_bitmaps_become_invalid),
		cmocka_unit_test(test_copy_of_footer),
		cmocka_unit_test(test_log_is_replayed),
		cmocka_unit_test(test_fixed_disk_is_flushed),
		cmocka_unit_test(test_session_of_vmdk_ends),
		cmocka_unit_test(test_each_file_of_vmdk_is_flushed),
		cmocka_unit_test(test_tables_are_rescued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
