// SPDX-License-Identifier: GPL-2.0-or-later
/* A QCOW2 image survives a power cut at any write, whatever the order in which writes reach the
 * disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/vdattach/crash.h"
#include "tests/unit/vdattach/qcow2_make.h"

/* Some clusters of each kind. */
static void fill(struct q2 *q, uint64_t *rng)
{
	uint64_t n = q->size >> q->bits;

	for (uint8_t i = 1; i < 24; i++) {
		uint64_t cluster = rng_below(rng, n), l2;

		l2 = q2_get64(q, q->l1 + (cluster >> (q->bits - 3)) * 8) & ~Q2_COPIED;
		if (l2 && q2_get64(q, l2 + (cluster & ((1ULL << (q->bits - 3)) - 1)) * 8))
			continue;
		switch (rng_below(rng, 5)) {
		case 0:
			q2_data(q, cluster, i, q->version == 3);
			break;
		case 1:
			q2_map(q, cluster, q->version == 3);
			break;
		case 2:
			q2_compressed(q, cluster, i, (uint32_t)rng_below(rng, 100));
			break;
		default:
			q2_data(q, cluster, i, 0);
		}
	}
}

static void make_with(struct world *world, uint64_t *rng, struct q2 *q, bool snapshot)
{
	q2_start(q, world, "image.qcow2");
	fill(q, rng);
	if (snapshot) {
		q2_snapshot(q);
		if (rng_below(rng, 2) && q->order >= 1)
			q->end_at = q->next + rng_below(rng, 5);
	}
	q2_finish(q);
}

static void make_v2(struct world *world, uint64_t *rng)
{
	struct q2 q = { .version = 2, .bits = 12, .order = 4, .size = 300 * KIB + 1536 };

	make_with(world, rng, &q, false);
}

static void make_v3(struct world *world, uint64_t *rng)
{
	struct q2 q = { .version = 3,
			.bits = 9 + (uint32_t)rng_below(rng, 5),
			.order = (uint32_t)rng_below(rng, 7),
			.size = 200 * KIB + 512 };

	make_with(world, rng, &q, false);
}

static void make_64k(struct world *world, uint64_t *rng)
{
	struct q2 q = { .version = 3, .bits = 16, .order = 4, .size = MIB + 512 };

	make_with(world, rng, &q, false);
}

static void make_snapshot(struct world *world, uint64_t *rng)
{
	struct q2 q = { .version = 2 + (uint32_t)rng_below(rng, 2),
			.bits = 10,
			.order = 4,
			.size = 260 * KIB };

	make_with(world, rng, &q, true);
}

/* New refcount blocks, and a refcount table that is full. */
static void make_small_tables(struct world *world, uint64_t *rng)
{
	struct q2 q = { .version = 3, .bits = 9, .order = 6, .size = 200 * KIB };

	q.end_at = 64 * 64 - rng_below(rng, 200);
	make_with(world, rng, &q, false);
}

static void make_child(struct world *world, uint64_t *rng)
{
	struct q2 q = {
		.version = 3, .bits = 11, .order = 3, .size = 280 * KIB, .backing = "base"
	};
	uint8_t bytes[512];
	unsigned int base;

	make_with(world, rng, &q, rng_below(rng, 2));
	base = world_add(world, "base", 150 * KIB);
	for (uint32_t i = 0; i < 300; i += 3) {
		memset(bytes, (int)i, sizeof(bytes));
		world_put(world, base, i * 512ULL, bytes, sizeof(bytes));
	}
}

static const struct vd_case cases[] = {
	{ "version 2", make_v2 },
	{ "version 3", make_v3 },
	{ "64 KiB clusters", make_64k },
	{ "snapshot", make_snapshot },
	{ "full tables", make_small_tables },
	{ "raw parent", make_child },
};

enum { POWER_CUTS = 15, MODELS = 20 };

#include "tests/unit/vdattach/write_tests.h"

int main(void)
{
	const struct CMUnitTest tests[] = {
		WRITE_TESTS,
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
