// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * QCOW2 images with the dirty bit, whose refcounts and flags may be anything: opened for writing
 * they become sound, also when the power is cut while they are repaired.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/crash_cuts.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/qcow2/qcow2_disks.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

enum { SEEDS = 12 };

static void put_byte(struct q2 *q, uint64_t offset, uint8_t value)
{
	world_put(q->world, q->file, offset, &value, 1);
}

static void put_dirty(struct q2 *q)
{
	put_byte(q, 79, 1);
}

/* Where the active disk has a cluster that is not compressed. */
static void spoil_flag(struct q2 *q, uint64_t *rng, uint64_t at)
{
	uint64_t value = q2_get64(q, at);

	if (value & ~Q2_COPIED & ~1ULL && !(value & Q2_COMPRESSED) && rng_below(rng, 3) == 0)
		q2_put64(q, at, value ^ Q2_COPIED);
}

static void spoil_flags(struct q2 *q, uint64_t *rng)
{
	for (uint32_t i = 0; i < q->l1_entries; i++) {
		uint64_t l2 = q2_get64(q, q->l1 + i * 8ULL) & ~Q2_COPIED;

		for (uint64_t at = l2; l2 && at < l2 + (1ULL << q->bits); at += 8)
			spoil_flag(q, rng, at);
		spoil_flag(q, rng, q->l1 + i * 8ULL);
	}
}

/* Some refcount blocks are lost, others have a few random bytes, for what is behind the end too. */
static void spoil_refcounts(struct q2 *q, uint64_t *rng)
{
	uint64_t entries = (uint64_t)q->reftable_clusters << (q->bits - 3);

	for (uint64_t i = 0; i < entries; i++) {
		uint64_t block = q2_get64(q, q->reftable + i * 8);

		if (block && rng_below(rng, 3) == 0)
			q2_put64(q, q->reftable + i * 8, 0);
		for (uint64_t n = block ? rng_below(rng, 80) : 0; n > 0; n--)
			put_byte(q, block + rng_below(rng, 1ULL << q->bits),
				 (uint8_t)rng_next(rng));
	}
}

static void spoil(struct q2 *q, uint64_t *rng)
{
	if (q->version == 2)
		return;
	spoil_flags(q, rng);
	spoil_refcounts(q, rng);
	put_dirty(q);
}

/* Version 2 has no such bit. */
static void q2_make_dirty_snapshot(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3, .bits = 10, .order = 4, .size = 260 * KIB };
	q2_make_with(q, world, rng, true);
}

/* New refcount blocks do not fit into the refcount table. */
static void q2_make_table_grows(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3, .bits = 9, .order = 6, .size = 200 * KIB };
	q->end_at = 64 * 64 - rng_below(rng, 3);
	q2_make_with(q, world, rng, false);
}

#define DISKS(X)                                    \
	X(v3, "version 3")                          \
	X(64k, "64 KiB clusters")                   \
	X(dirty_snapshot, "snapshot")               \
	X(small_tables, "full tables")              \
	X(table_grows, "refcount table that grows") \
	X(child, "raw parent")
#define MAKE(name, what)                                            \
	static void make_##name(struct world *world, uint64_t *rng) \
	{                                                           \
		struct q2 q;                                        \
                                                                    \
		q2_make_##name(&q, world, rng);                     \
		spoil(&q, rng);                                     \
	}
#define CASE(name, what) { what, make_##name },

DISKS(MAKE)

static const struct vd_case cases[] = { DISKS(CASE) };

/* What the guest had, as it is read without a repair. */
static void see_base(struct crash_run *run)
{
	run->resolver = world_resolver(&run->world);
	if (world_open(&run->world, &run->resolver, true, &run->image, NULL) < 0 ||
	    vd_image_view(run->image, &run->disk, NULL) < 0)
		crash_fail(run, "cannot be read");
	crash_room(run);
	crash_see(run, &run->base);
	crash_close(run);
}

static uint64_t reftable_of(const struct world *world)
{
	uint8_t b[8];

	paged_read(&world->files[0].now, b, sizeof(b), 48);
	return get_be64(b);
}

/* Returns whether the refcount table has moved. */
static bool repair(const struct vd_case *c, uint64_t seed)
{
	struct crash_run run = { .c = c, .seed = seed, .state = "repair", .no_leaks = true };
	uint64_t table;
	bool moved;

	run.rng = seed * 0x9e3779b97f4a7c15ULL + 1;
	c->make(&run.world, &run.rng);
	table = reftable_of(&run.world);
	see_base(&run);
	world_record(&run.world);
	crash_open(&run, &run.world);
	crash_see(&run, &run.seen);
	crash_verify(&run, &run.seen);
	crash_close(&run);
	moved = table != reftable_of(&run.world);
	crash_cuts(&run);
	crash_end(&run);
	return moved;
}

static void test_power_cuts(void **state)
{
	uint64_t first = crash_setting("CRASH_SEED", 1);
	uint64_t n = crash_setting("CRASH_WORKLOADS", SEEDS * crash_setting("CRASH_FACTOR", 1));

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int moved = 0;

		for (uint64_t seed = first; seed < first + n; seed++)
			moved += repair(cases + i, seed);
		if (cases[i].make == make_table_grows)
			assert_int_not_equal(moved, 0);
	}
}

/* A write fails: the image stays dirty, and is repaired when there is room. */
static void test_full_host(void **state)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct crash_run run = { .c = cases, .seed = seed, .state = "full host" };
		uint64_t rng = seed;

		cases->make(&run.world, &rng);
		run.resolver = world_resolver(&run.world);
		run.world.fail_in = (unsigned int)seed;
		if (world_open(&run.world, &run.resolver, false, &run.image, NULL) < 0)
			assert_true(run.world.failed);
		vd_image_close(&run.image);
		run.world.fail_in = 0;
		run.no_leaks = true;
		crash_open(&run, &run.world);
		crash_close(&run);
		world_release(&run.world);
	}
}

static void start(struct q2 *q, struct world *world)
{
	*q = (struct q2){ .version = 3, .bits = 12, .order = 4, .size = MIB };
	q2_start(q, world, "image");
	q2_data(q, 0, 1, 0);
	q2_data(q, 5, 2, 0);
}

/* Opened for writing: -EROFS for that reason, and nothing was written. Only reading works. */
static void assert_refused(struct q2 *q, const char *reason)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_image_ struct vd_image *image = NULL;
	struct world *world = q->world;
	struct vd_resolver resolver = world_resolver(world);

	world_record(world);
	assert_int_equal(world_open(world, &resolver, false, &image, &err), -EROFS);
	if (!strstr(error_msg(err), reason) || !strstr(error_msg(err), "qemu-img check -r all"))
		fail_msg("%s", error_msg(err));
	for (size_t i = 0; i < world->n_ops; i++)
		assert_int_equal(world->ops[i].kind, OP_FLUSH);
	assert_int_equal(world_open(world, &resolver, true, &image, NULL), 0);
	world_release(world);
}

static void test_overlap_is_refused(void **state)
{
	struct world world = { .n = 0 };
	uint64_t block;
	struct q2 q;

	start(&q, &world);
	q2_finish(&q);
	block = q2_get64(&q, q.reftable);
	q2_map(&q, 7, block | Q2_COPIED);
	put_dirty(&q);
	assert_refused(&q, "in use for something else");
}

static void test_data_over_mapping_is_refused(void **state)
{
	struct world world = { .n = 0 };
	struct q2 q;

	start(&q, &world);
	q2_finish(&q);
	q2_map(&q, 7, q2_get64(&q, q.l1));
	put_dirty(&q);
	assert_refused(&q, "in use for something else");
}

static void test_table_outside_is_refused(void **state)
{
	struct world world = { .n = 0 };
	struct q2 q;

	start(&q, &world);
	q2_finish(&q);
	q2_put64(&q, q.reftable + 8, MIB * 64);
	put_dirty(&q);
	assert_refused(&q, "is not inside the file");
}

static void test_cluster_outside_is_refused(void **state)
{
	struct world world = { .n = 0 };
	struct q2 q;

	start(&q, &world);
	q2_finish(&q);
	q2_map(&q, 7, (MIB * 64) | Q2_COPIED);
	put_dirty(&q);
	assert_refused(&q, "beyond the end of the file");
}

static void test_unknown_extension_is_refused(void **state)
{
	struct world world = { .n = 0 };
	struct q2 q;

	start(&q, &world);
	q2_finish(&q);
	q2_put64(&q, 104, 0x1234567800000000ULL);
	put_dirty(&q);
	assert_refused(&q, "extensions");
}

/* One cluster twice, and refcounts of one bit. */
static void test_too_many_references_are_refused(void **state)
{
	struct world world = { .n = 0 };
	struct q2 q;

	start(&q, &world);
	q.order = 0;
	q2_map(&q, 7, (q.next - 1) << q.bits);
	q2_finish(&q);
	put_dirty(&q);
	assert_refused(&q, "too many references");
}

/* An untrusted image: one block of 2 MiB that counts the clusters of 2^42 bytes and more, dirty or
 * not.
 */
static void test_one_block_for_all_is_refused(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	struct world world = { .n = 0 };
	struct vd_resolver resolver = world_resolver(&world);
	struct q2 q = { .version = 3, .bits = 21, .order = 0, .size = MIB };

	q2_start(&q, &world, "image");
	q2_finish(&q);
	for (uint64_t i = 1; i < 1ULL << 18; i++)
		q2_put64(&q, q.reftable + i * 8, q2_get64(&q, q.reftable));
	assert_int_equal(world_open(&world, &resolver, true, &image, NULL), 0);
	assert_int_equal(vd_image_check(image, NULL), 0);
	assert_int_not_equal(image->findings.count[FINDING_ERROR], 0);
	vd_image_close(&image);
	put_dirty(&q);
	assert_refused(&q, "in use for something else");
}

/* Opened, the disk is sound and says that it was not. */
static void assert_repaired(struct q2 *q)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_image_ struct vd_image *image = NULL;
	struct vd_resolver resolver = world_resolver(q->world);

	put_dirty(q);
	if (world_open(q->world, &resolver, false, &image, &err) < 0)
		fail_msg("%s", error_msg(err));
	assert_int_equal(image->findings.count[FINDING_WARNING], 1);
	assert_int_equal(vd_image_check(image, NULL), 0);
	if (image->findings.n > 1)
		fail_msg("%s", image->findings.items[1].text);
	vd_image_close(&image);
	world_release(q->world);
}

/* More tables with wrong flags than there is memory for. */
static void test_many_wrong_flags(void **state)
{
	struct world world = { .n = 0 };
	static struct q2 q;

	q = (struct q2){ .version = 3, .bits = 9, .order = 6, .size = 900 * 64 * 512 };
	q2_start(&q, &world, "image");
	for (uint64_t i = 0; i < 900; i++)
		q2_data(&q, i * 64, 1, 0);
	q2_finish(&q);
	for (uint64_t i = 0; i < 900; i++) {
		uint64_t at = q2_get64(&q, q.l1 + i * 8) & ~Q2_COPIED;

		q2_put64(&q, at, q2_get64(&q, at) & ~Q2_COPIED);
	}
	assert_repaired(&q);
}

/* More refcount blocks that are wrong. */
static void test_many_wrong_refcounts(void **state)
{
	struct world world = { .n = 0 };
	static struct q2 q;
	uint64_t blocks;

	q = (struct q2){
		.version = 3, .bits = 9, .order = 6, .size = 18000 * 512, .reftable_clusters = 8
	};
	q2_start(&q, &world, "image");
	for (uint64_t i = 0; i < 18000; i++)
		q2_data(&q, i, 1, 0);
	q2_finish(&q);
	blocks = q.next / 64;
	for (uint64_t i = 0; i < blocks; i++)
		q2_put64(&q, q2_get64(&q, q.reftable + i * 8) + 8 * (i % 64), 7);
	assert_repaired(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_full_host),
		cmocka_unit_test(test_many_wrong_flags),
		cmocka_unit_test(test_many_wrong_refcounts),
		cmocka_unit_test(test_overlap_is_refused),
		cmocka_unit_test(test_data_over_mapping_is_refused),
		cmocka_unit_test(test_table_outside_is_refused),
		cmocka_unit_test(test_cluster_outside_is_refused),
		cmocka_unit_test(test_unknown_extension_is_refused),
		cmocka_unit_test(test_one_block_for_all_is_refused),
		cmocka_unit_test(test_too_many_references_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
