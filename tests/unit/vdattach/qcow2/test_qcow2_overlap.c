// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each pointer of a QCOW2 points at each thing that is there already. Opened for writing, that is
 * refused; or a guest writes, and nothing changes but what it wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/fake/fixture.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

enum { BITS = 12, CLUSTER = 1 << BITS, CLUSTERS = 1024, OWN = 600, SHARED = 5, FREE = 700 };

static void overlap_make(struct q2 *q, struct world *world)
{
	*q = (struct q2){
		.version = 3, .bits = BITS, .order = 4, .size = (uint64_t)CLUSTERS * CLUSTER
	};
	q2_start(q, world, "image.qcow2");
	q2_data(q, 0, 1, 0);
	q2_data(q, SHARED, 2, 0);
	q2_snapshot(q);
	q2_data(q, OWN, 3, 0);
	q2_bitmap(q);
	q2_finish(q);
}

static uint64_t own_l2(struct q2 *q)
{
	return q2_get64(q, q->l1 + 8) & ~Q2_COPIED;
}

static uint64_t snapshot_l1(struct q2 *q)
{
	return q2_get64(q, q->snapshots);
}

/* X(name, where the pointer is, what it points at, flags beside the offset) */
#define POINTERS(X)                                                            \
	X(header, 0, 0, 0)                                                     \
	X(l1, 40, q->l1, 0)                                                    \
	X(reftable, 48, q->reftable, 0)                                        \
	X(snapshots, 64, q->snapshots, 0)                                      \
	X(bitmap_directory, Q2_BITMAPS_AT, q->bitmap_directory, 0)             \
	X(own_l2, q->l1 + 8, own_l2(q), Q2_COPIED)                             \
	X(shared_l2, q->l1, q2_get64(q, q->l1), 0)                             \
	X(refblock, q->reftable, q2_get64(q, q->reftable), 0)                  \
	X(snapshot_l1, q->snapshots, snapshot_l1(q), 0)                        \
	X(snapshot_l2, snapshot_l1(q), q2_get64(q, snapshot_l1(q)), 0)         \
	X(bitmap_table, q->bitmap_directory, q->bitmap_table, 0)               \
	X(bitmap, q->bitmap_table, q->bitmap_bits, 0)                          \
	X(own_data, q2_entry_at(q, own_l2(q), OWN),                            \
	  q2_get64(q, q2_entry_at(q, own_l2(q), OWN)) & ~Q2_COPIED, Q2_COPIED) \
	X(shared_data, q2_entry_at(q, q2_get64(q, q->l1), SHARED),             \
	  q2_get64(q, q2_entry_at(q, q2_get64(q, q->l1), SHARED)), 0)          \
	X(new_data, q2_entry_at(q, own_l2(q), FREE), 0, Q2_COPIED)             \
	X(new_zeros, q2_entry_at(q, own_l2(q), FREE), 0, Q2_COPIED | 1)        \
	X(new_compressed, q2_entry_at(q, own_l2(q), FREE), 0, Q2_COMPRESSED)   \
	X(new_l2, q->l1, 0, Q2_COPIED)

struct place {
	uint64_t pointer, target, flags;
};

#define FUNCTION(name, pointer, target, flags)                                 \
	static struct place place_##name(struct q2 *q)                         \
	{                                                                      \
		return (struct place){ q ? (pointer) : 0, (target), (flags) }; \
	}
#define ENTRY(name, pointer, target, flags) { #name, place_##name },

POINTERS(FUNCTION)

static const struct {
	const char *name;
	struct place (*find)(struct q2 *q);
} places[] = { POINTERS(ENTRY) };

/* What the guest sees, cluster by cluster: a sum of it, or that it cannot be read. */
static void overlap_see(struct world *world, uint64_t *sums)
{
	_cleanup_image_ struct vd_image *image = NULL;
	struct vd_resolver resolver = world_resolver(world);
	uint8_t bytes[CLUSTER];

	memset(sums, 0, CLUSTERS * sizeof(*sums));
	if (world_open(world, &resolver, true, &image, NULL) < 0)
		return;
	for (uint64_t i = 0; i < CLUSTERS; i++) {
		if (vd_image_pread(image, bytes, CLUSTER, i * CLUSTER, NULL) < 0)
			continue;
		sums[i] = 1;
		for (unsigned int k = 0; k < CLUSTER; k++)
			sums[i] = sums[i] * 31 + bytes[k];
	}
}

/* In its own clusters, shared ones and new ones; what it may not, it need not. */
static void overlap_write(struct vd_image *image)
{
	static const uint64_t where[] = { OWN, SHARED, FREE, FREE + 1, 10 };
	static const uint8_t bytes[CLUSTER] = "\x55\x55";

	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		uint64_t at = where[i] * CLUSTER;
		int r = vd_image_pwrite(image, bytes, i % 2 ? 512 : CLUSTER, at, NULL);

		if (r == 0 && i == 3)
			r = vd_image_discard(image, CLUSTER, at, true, NULL);
		(void)r;
	}
	(void)!vd_image_flush(image, NULL);
}

static bool is_written(uint64_t cluster)
{
	return cluster == OWN || cluster == SHARED || cluster == FREE || cluster == FREE + 1 ||
	       cluster == 10;
}

/* Returns whether it was refused. */
static bool overlap_try(size_t pointer, size_t target)
{
	static uint64_t before[CLUSTERS], after[CLUSTERS];
	_cleanup_image_ struct vd_image *image = NULL;
	struct world world = { .holes = target % 2 };
	struct vd_resolver resolver = world_resolver(&world);
	static struct q2 q;
	struct place from, to;
	bool refused;

	overlap_make(&q, &world);
	from = places[pointer].find(&q);
	to = places[target].find(&q);
	q2_put64(&q, from.pointer, to.target | from.flags);
	overlap_see(&world, before);
	refused = world_open(&world, &resolver, false, &image, NULL) < 0;
	if (!refused)
		overlap_write(image);
	vd_image_close(&image);
	overlap_see(&world, after);
	for (uint64_t i = 0; i < CLUSTERS; i++) {
		if (before[i] != after[i] && !is_written(i))
			fail_msg("%s points at %s: cluster %llu changed", places[pointer].name,
				 places[target].name, (unsigned long long)i);
	}
	world_release(&world);
	return refused;
}

/* Two clusters of the guest in one place are told by check alone: all L2 tables would be read. */
static bool is_data(size_t place)
{
	return strstr(places[place].name, "data") || strstr(places[place].name, "zeros") ||
	       strstr(places[place].name, "compressed");
}

static void test_overlaps(void **state)
{
	unsigned int refused = 0;

	/* the header itself is no pointer; what is new is no target */
	for (size_t pointer = 1; pointer < ARRAY_SIZE(places); pointer++) {
		for (size_t target = 0; target < ARRAY_SIZE(places); target++) {
			if (pointer != target && strncmp(places[target].name, "new", 3) != 0 &&
			    !(is_data(pointer) && is_data(target)))
				refused += overlap_try(pointer, target);
		}
	}
	print_message("%u overlaps refused\n", refused);
	assert_int_not_equal(refused, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
