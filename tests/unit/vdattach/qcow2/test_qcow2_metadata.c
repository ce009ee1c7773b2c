// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whatever an L2 entry says, a guest's write never reaches the image's own tables; and space that
 * never became part of an image is used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

enum { BITS = 12, CLUSTER = 1 << BITS, AT = 607, SESSIONS = 24 };

/* A bitmap becomes invalid with the first write, and what it had is nobody's then. */
static void start(struct q2 *q, struct world *world, bool bitmap)
{
	*q = (struct q2){ .version = 3, .bits = BITS, .order = 4, .size = 4 * MIB };
	q2_start(q, world, "image");
	q2_data(q, 0, 1, 0);
	q2_data(q, 5, 2, 0);
	q2_snapshot(q);
	q2_data(q, 600, 3, 0);
	if (bitmap)
		q2_bitmap(q);
	q2_finish(q);
}

/* X(name, where a table lies): of the disk of now and of the snapshot, all that a file has. */
#define TABLES(X)                                                           \
	X(header, 0)                                                        \
	X(l1, q->l1)                                                        \
	X(own_l2, q2_get64(q, q->l1 + 8) & ~Q2_COPIED)                      \
	X(shared_l2, q2_get64(q, q->l1) & ~Q2_COPIED)                       \
	X(reftable, q->reftable)                                            \
	X(refblock, q2_get64(q, q->reftable))                               \
	X(snapshots, q->snapshots)                                          \
	X(snapshot_l1, q2_get64(q, q->snapshots))                           \
	X(snapshot_l2, q2_get64(q, q2_get64(q, q->snapshots)) & ~Q2_COPIED) \
	X(bitmap_directory, q->bitmap_directory)                            \
	X(bitmap_table, q->bitmap_table)                                    \
	X(bitmap, q->bitmap_bits)
#define FUNCTION(name, where)                   \
	static uint64_t at_##name(struct q2 *q) \
	{                                       \
		return q ? (where) : 0;         \
	}
#define ENTRY(name, where) { #name, at_##name },

TABLES(FUNCTION)

static const struct {
	const char *name;
	uint64_t (*at)(struct q2 *q);
} tables[] = { TABLES(ENTRY) };

static const uint64_t flags[] = { Q2_COPIED, 0, Q2_COPIED | 1, 1, Q2_COMPRESSED };

static void assert_tables_kept(struct q2 *q, const struct paged *before, const char *name)
{
	uint8_t was[CLUSTER], is[CLUSTER];

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		uint64_t at = tables[i].at(q);

		paged_read(before, was, CLUSTER, at);
		paged_read(&q->world->files[0].now, is, CLUSTER, at);
		/* the autoclear bits, which are what a guest's write changes */
		if (at == 0)
			memcpy(is + 88, was + 88, 8);
		if (memcmp(was, is, CLUSTER) != 0)
			fail_msg("an entry for %s changed %s", name, tables[i].name);
	}
}

/* What a guest can do to a cluster: each is refused, or harmless. */
static void attack(struct vd_image *image, unsigned int how)
{
	static const uint8_t bytes[CLUSTER] = "\x55\x55";
	uint64_t offset = (uint64_t)AT * CLUSTER;
	int r = 0;

	if (how == 0)
		r = vd_image_pwrite(image, bytes, CLUSTER, offset, NULL);
	else if (how == 1)
		r = vd_image_pwrite(image, bytes, 512, offset + 1024, NULL);
	else
		r = vd_image_discard(image, CLUSTER, offset, how == 2, NULL);
	/* what reads as zeros already need not be zeroed */
	if (how < 2 || r != 0)
		assert_int_equal(r, -EIO);
	assert_int_equal(vd_image_flush(image, NULL), 0);
}

static void map_onto(size_t table, uint64_t flag, unsigned int how)
{
	_cleanup_image_ struct vd_image *image = NULL;
	struct world world = { .n = 0 };
	struct vd_resolver resolver = world_resolver(&world);
	struct paged before;
	struct q2 q;

	start(&q, &world, true);
	/* an uncompressed entry cannot name the header: 0 stands for none */
	if (tables[table].at(&q) == 0)
		flag = Q2_COMPRESSED;
	q2_map(&q, AT, tables[table].at(&q) | flag);
	paged_copy(&before, &world.files[0].now);
	if (world_open(&world, &resolver, false, &image, NULL) == 0) {
		attack(image, how);
		vd_image_close(&image);
		assert_tables_kept(&q, &before, tables[table].name);
	}
	paged_release(&before);
	world_release(&world);
}

static void test_guest_never_writes_tables(void **state)
{
	for (size_t table = 0; table < ARRAY_SIZE(tables); table++)
		for (size_t flag = 0; flag < ARRAY_SIZE(flags); flag++)
			for (unsigned int how = 0; how < 4; how++)
				map_onto(table, flags[flag], how);
}

/* An L1 entry that names another table: its L2 entries would be written there. */
static void test_table_over_table_is_refused(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		_cleanup_error_ struct error *err = NULL;
		_cleanup_image_ struct vd_image *image = NULL;
		struct world world = { .n = 0 };
		struct vd_resolver resolver = world_resolver(&world);
		uint64_t at;
		struct q2 q;

		start(&q, &world, true);
		at = tables[i].at(&q);
		if (at && tables[i].at != at_own_l2 && tables[i].at != at_shared_l2 &&
		    tables[i].at != at_snapshot_l2) {
			q2_put64(&q, q.l1, at | Q2_COPIED);
			assert_int_equal(world_open(&world, &resolver, false, &image, &err),
					 -EROFS);
			assert_non_null(strstr(error_msg(err), "qemu-img check -r all"));
			assert_int_equal(world_open(&world, &resolver, true, &image, NULL), 0);
		}
		vd_image_close(&image);
		world_release(&world);
	}
}

/* Writes n clusters at random and ends as a process that is killed does, or closes properly. */
static void session(struct world *world, uint64_t *rng, unsigned int n, bool killed)
{
	_cleanup_image_ struct vd_image *image = NULL;
	struct vd_resolver resolver = world_resolver(world);
	uint8_t bytes[CLUSTER];

	assert_int_equal(world_open(world, &resolver, false, &image, NULL), 0);
	for (unsigned int i = 0; i < n; i++) {
		memset(bytes, (int)rng_below(rng, 255) + 1, sizeof(bytes));
		assert_int_equal(vd_image_pwrite(image, bytes, CLUSTER,
						 rng_below(rng, 1024) * CLUSTER, NULL),
				 0);
		if (rng_below(rng, 40) == 0)
			assert_int_equal(vd_image_flush(image, NULL), 0);
	}
	if (!killed)
		assert_int_equal(vd_image_flush(image, NULL), 0);
}

static uint64_t mapped(struct world *world)
{
	_cleanup_image_ struct vd_image *image = NULL;
	struct vd_resolver resolver = world_resolver(world);
	struct vd_extent e = { .length = 0 };
	uint64_t n = 0;

	assert_int_equal(world_open(world, &resolver, true, &image, NULL), 0);
	for (uint64_t at = 0; at < image->size; at += e.length) {
		assert_int_equal(vd_image_extent(image, at, &e, NULL), 0);
		n += e.kind == VD_EXTENT_PARENT ? 0 : e.length;
	}
	return n;
}

/* After any number of kills the file is as large as what is in it, and what the last one took. */
static void test_kills_do_not_grow_the_file(void **state)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct world world = { .n = 0 };
		uint64_t rng = seed * 0x9e3779b97f4a7c15ULL, size;
		struct q2 q;

		start(&q, &world, false);
		for (unsigned int i = 0; i < SESSIONS; i++)
			session(&world, &rng, 60, true);
		session(&world, &rng, 1, false);
		size = world.files[0].now.size;
		/* tables: header, reftable, L1 twice, snapshots, two L2, their old ones, blocks */
		if (size > mapped(&world) + 16 * CLUSTER)
			fail_msg("seed %llu: %llu bytes of data in a file of %llu",
				 (unsigned long long)seed, (unsigned long long)mapped(&world),
				 (unsigned long long)size);
		world_release(&world);
	}
}

/* A larger refcount table, made while the image is open, is a table from then on. */
static void test_new_refcount_table_is_kept(void **state)
{
	static const uint8_t bytes[512] = "\x55";
	_cleanup_image_ struct vd_image *image = NULL;
	struct world world = { .n = 0 };
	struct vd_resolver resolver = world_resolver(&world);
	struct q2 q = { .version = 3, .bits = 9, .order = 6, .size = 2 * MIB };
	uint64_t last = q.size / 512 - 1, at;

	q2_start(&q, &world, "image");
	/* nearly as many clusters as the table has refcounts for, with 64 blocks of those */
	for (uint64_t i = 146; i <= last; i++)
		q2_data(&q, i, 1, 0);
	q2_finish(&q);
	at = q.reftable;
	assert_int_equal(world_open(&world, &resolver, false, &image, NULL), 0);
	for (uint64_t i = 0; i < 146 && at == q.reftable; i++) {
		assert_int_equal(vd_image_pwrite(image, bytes, 512, i * 512, NULL), 0);
		assert_int_equal(vd_image_flush(image, NULL), 0);
		at = q2_get64(&q, 48);
	}
	assert_int_not_equal(at, q.reftable);
	/* its L2 table was not read yet */
	q2_map(&q, last, at | Q2_COPIED);
	assert_int_equal(vd_image_pwrite(image, bytes, 512, last * 512, NULL), -EIO);
	vd_image_close(&image);
	world_release(&world);
}

static void test_space_behind_is_a_leak(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	struct world world = { .n = 0 };
	struct vd_resolver resolver = world_resolver(&world);
	struct q2 q;

	start(&q, &world, false);
	paged_resize(&world.files[0].now, world.files[0].now.size + 5 * CLUSTER);
	assert_int_equal(world_open(&world, &resolver, true, &image, NULL), 0);
	assert_int_equal(vd_image_check(image, NULL), 0);
	assert_int_equal(image->findings.count[FINDING_LEAK], 1);
	assert_int_equal(image->findings.count[FINDING_ERROR], 0);
	vd_image_close(&image);
	world_release(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_never_writes_tables),
		cmocka_unit_test(test_table_over_table_is_refused),
		cmocka_unit_test(test_kills_do_not_grow_the_file),
		cmocka_unit_test(test_new_refcount_table_is_kept),
		cmocka_unit_test(test_space_behind_is_a_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
