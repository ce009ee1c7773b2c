// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/qcow2/qcow2_disks.h"

#include "tests/unit/vdattach/fake/world.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

#define SUBCLUSTERS 32

/* Data in some subclusters, zeros in others, the parent's in the rest. */
static uint64_t some_subclusters(uint64_t *rng)
{
	uint32_t allocated = (uint32_t)rng_next(rng), zero = (uint32_t)rng_next(rng) & ~allocated;

	return (uint64_t)zero << SUBCLUSTERS | allocated;
}

static void q2_zero(struct q2 *q, uint64_t cluster)
{
	q->bitmap = (uint64_t)UINT32_MAX << SUBCLUSTERS;
	q2_map(q, cluster, q->version == 3 && !q->extended);
	q->bitmap = UINT32_MAX;
}

/* Some clusters of each kind. */
static void q2_fill(struct q2 *q, uint64_t *rng)
{
	uint64_t n = q->size >> q->bits;

	q->bitmap = UINT32_MAX;
	for (uint8_t i = 1; i < 24; i++) {
		uint64_t cluster = rng_below(rng, n), l2;
		unsigned int kind = (unsigned int)rng_below(rng, 5);

		l2 = q2_get64(q, q2_l1_at(q, cluster)) & ~Q2_COPIED;
		if (l2 && q2_get64(q, q2_entry_at(q, l2, cluster)))
			continue;
		if (kind == 0 && q->extended)
			q->bitmap = some_subclusters(rng);
		if (kind == 0)
			q2_data(q, cluster, i, q->version == 3 && !q->extended);
		else if (kind == 1)
			q2_zero(q, cluster);
		else if (kind == 2 && !q->data_name)
			q2_compressed(q, cluster, i, (uint32_t)rng_below(rng, 100));
		else
			q2_data(q, cluster, i, 0);
		q->bitmap = UINT32_MAX;
	}
}

void q2_make_with(struct q2 *q, struct world *world, uint64_t *rng, bool snapshot)
{
	q2_start(q, world, "image.qcow2");
	if (q->data_name)
		q->data_file = world_add(world, q->data_name, q->raw ? q->size : 0);
	q2_fill(q, rng);
	if (snapshot) {
		q2_snapshot(q);
		if (rng_below(rng, 2) && q->order >= 1)
			q->end_at = q->next + rng_below(rng, 5);
	}
	q2_finish(q);
}

void q2_make_v2(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 2, .bits = 12, .order = 4, .size = 300 * KIB + 1536 };

	q2_make_with(q, world, rng, false);
}

void q2_make_v3(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3,
			  .bits = 9 + (uint32_t)rng_below(rng, 5),
			  .order = (uint32_t)rng_below(rng, 7),
			  .size = 200 * KIB + 512 };

	q2_make_with(q, world, rng, false);
}

void q2_make_64k(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3, .bits = 16, .order = 4, .size = MIB + 512 };

	q2_make_with(q, world, rng, false);
}

void q2_make_snapshot(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 2 + (uint32_t)rng_below(rng, 2),
			  .bits = 10,
			  .order = 4,
			  .size = 260 * KIB };

	q2_make_with(q, world, rng, true);
}

void q2_make_small_tables(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3, .bits = 9, .order = 6, .size = 200 * KIB };

	q->end_at = 64 * 64 - rng_below(rng, 200);
	q2_make_with(q, world, rng, false);
}

/* A raw parent of 150 KiB, longer than some children are. */
static void add_base(struct world *world)
{
	unsigned int base = world_add(world, "base", 150 * KIB);
	uint8_t bytes[512];

	for (uint32_t i = 0; i < 300; i += 3) {
		memset(bytes, (int)i, sizeof(bytes));
		world_put(world, base, i * 512ULL, bytes, sizeof(bytes));
	}
}

void q2_make_child(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){
		.version = 3, .bits = 11, .order = 3, .size = 280 * KIB, .backing = "base"
	};

	q2_make_with(q, world, rng, rng_below(rng, 2));
	add_base(world);
}

void q2_make_extended(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3,
			  .bits = 14,
			  .order = 4,
			  .size = 500 * KIB + 512,
			  .extended = true,
			  .backing = rng_below(rng, 2) ? "base" : NULL };

	q2_make_with(q, world, rng, rng_below(rng, 2));
	if (q->backing)
		add_base(world);
}

void q2_make_data_file(struct q2 *q, struct world *world, uint64_t *rng)
{
	*q = (struct q2){ .version = 3,
			  .bits = 14,
			  .order = 4,
			  .size = 500 * KIB + 512,
			  .extended = rng_below(rng, 2),
			  .data_name = "image.data",
			  .raw = rng_below(rng, 2) };

	q2_make_with(q, world, rng, false);
}
