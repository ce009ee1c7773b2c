// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/crash_exhaustive.h"

#include "tests/unit/vdattach/crash/crash_cuts.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/fake/world.h"

enum { WRITE_NEW, OVERWRITE, CROSS, ZERO, DISCARD, FLUSH, N_OPS, LENGTH = 3 };

/* Of more writes than these, not all subsets but so many of them at random. */
enum { SUBSET_WRITES = 9, SUBSETS = 128, RECOVERIES = 16 };

/* Where the operations are: sectors. */
struct places {
	uint64_t fresh, old, block;
};

/* The first sector of a block that has data in the image itself, or has none; 0: there is none. */
static uint64_t find_block(struct crash_run *run, uint64_t block, bool data)
{
	uint64_t size = run->sectors * CRASH_SECTOR;
	struct vd_extent extent;

	for (uint64_t at = 0; at + block * CRASH_SECTOR < size; at += block * CRASH_SECTOR) {
		if (vd_image_extent(run->image, at, &extent, NULL) < 0)
			abort();
		if ((extent.kind == VD_EXTENT_DATA) == data)
			return at / CRASH_SECTOR;
	}
	return 0;
}

static void find_places(struct crash_run *run, struct places *ret)
{
	ret->block = MIN(MAX(run->image->block_size / CRASH_SECTOR, 8), 2048);
	ret->fresh = find_block(run, ret->block, false);
	ret->old = find_block(run, ret->block, true);
}

static void exhaustive_do(struct crash_run *run, const struct places *p, unsigned int op)
{
	uint64_t n = MIN(p->block, run->sectors - p->fresh);
	int r = 0;

	switch (op) {
	case WRITE_NEW:
		r = crash_guest_write(run, p->fresh + 1, 1);
		break;
	case OVERWRITE:
		r = crash_guest_write(run, p->old + 2, 3);
		break;
	case CROSS:
		r = crash_guest_write(run, p->fresh + p->block - 1, 2);
		break;
	case ZERO:
		r = crash_guest_discard(run, p->fresh, (size_t)n, true);
		break;
	case DISCARD:
		r = crash_guest_discard(run, p->old, 7, false);
		break;
	default:
		r = crash_guest_flush(run);
	}
	if (r < 0)
		crash_fail(run, "operation %u failed", op);
}

/* Cuts while a state is opened and first written to: the same must hold after that. */
static void cut_recovery(struct crash_run *outer, struct world *world)
{
	struct crash_run run = *outer;
	uint8_t bytes[CRASH_SECTOR], *fates;
	struct crash_durable durable;
	struct world after;

	run.world = *world;
	run.state = "recovery cut at";
	world_record(&run.world);
	crash_open(&run, &run.world);
	run.serial = outer->serial + 1;
	crash_paint(bytes, run.sectors / 2, run.serial);
	if (source_pwrite(run.disk, bytes, sizeof(bytes), run.sectors / 2 * CRASH_SECTOR, NULL) <
		    0 ||
	    source_flush(run.disk, NULL) < 0)
		crash_fail(&run, "cannot be written");
	crash_close(&run);
	fates = crash_alloc(run.world.n_ops + 1);
	durable = (struct crash_durable){ .world.n = 0 };
	crash_durable_copy(&run, &durable);
	for (size_t i = 0; i < run.world.n_ops; i++) {
		run.cut = i + 1;
		crash_step(&run, run.world.ops + i, &durable);
		if (run.world.ops[i].kind > OP_RESIZE)
			continue;
		for (unsigned int n = 0; n < 3; n++) {
			for (size_t k = 0; k < run.cut; k++)
				fates[k] = n == 0 ? FATE_KEPT : (uint8_t)rng_below(&run.rng, 3);
			crash_try(&run, &durable, fates, &after);
			crash_close(&run);
			world_release(&after);
		}
	}
	free(fates);
	world_release(&durable.world);
	*world = run.world;
	outer->states = run.states;
	outer->rng = run.rng;
}

static void try_state(struct crash_run *run, const struct crash_durable *durable,
		      const uint8_t *fates)
{
	struct world world;

	crash_try(run, durable, fates, &world);
	crash_close(run);
	if (rng_below(&run->rng, RECOVERIES) == 0)
		cut_recovery(run, &world);
	world_release(&world);
}

/* The operations that a cut may lose. Returns how many. */
static size_t pending(const struct crash_run *run, const struct crash_durable *durable, size_t *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < run->cut; i++) {
		const struct world_op *op = run->world.ops + i;

		if (op->kind <= OP_RESIZE && i >= durable->flushed[op->file])
			ret[n++] = i;
	}
	return n;
}

/* Subsets that have the last write: those without it were seen at the cut before. */
static void try_subsets(struct crash_run *run, const struct crash_durable *durable, size_t *which,
			uint8_t *fates, bool all)
{
	size_t n = pending(run, durable, which);
	uint64_t sets = n <= SUBSET_WRITES ? 1ULL << n : SUBSETS;

	for (uint64_t set = 0; set < sets; set++) {
		uint64_t mask = n <= SUBSET_WRITES ? set : rng_next(&run->rng);

		if (set == 0 && n > SUBSET_WRITES)
			mask = UINT64_MAX;
		if (!all && n <= SUBSET_WRITES && !(mask >> (n - 1) & 1))
			continue;
		memset(fates, FATE_LOST, run->cut);
		for (size_t i = 0; i < n; i++)
			fates[which[i]] = i > 63 || mask >> i & 1 ? FATE_KEPT : FATE_LOST;
		try_state(run, durable, fates);
	}
	if (all || n == 0)
		return;
	memset(fates, FATE_KEPT, run->cut);
	fates[which[n - 1]] = FATE_TORN;
	try_state(run, durable, fates);
}

static void cut_everywhere(struct crash_run *run)
{
	size_t *which = crash_alloc((run->world.n_ops + 1) * sizeof(*which));
	uint8_t *fates = crash_alloc(run->world.n_ops + 1);
	struct crash_durable durable;

	run->state = "cut at";
	crash_durable_start(run, &durable);
	for (size_t i = 0; i < run->world.n_ops; i++) {
		const struct world_op *op = run->world.ops + i;

		run->cut = i + 1;
		crash_step(run, op, &durable);
		if (op->kind <= OP_RESIZE || op->kind == OP_GUEST_FLUSH)
			try_subsets(run, &durable, which, fates, op->kind == OP_GUEST_FLUSH);
	}
	world_release(&durable.world);
	free(which);
	free(fates);
}

/* The digits of number in base N_OPS are the operations. */
static uint64_t try_sequence(const struct vd_case *c, unsigned int length, unsigned int number)
{
	struct crash_run run;
	struct places places;
	uint64_t states;

	crash_start(&run, c, number % 7 + 1);
	run.world.holes = number % 2;
	find_places(&run, &places);
	world_record(&run.world);
	run.state = "sequence, step";
	for (run.cut = 0; run.cut < length; run.cut++, number /= N_OPS)
		exhaustive_do(&run, &places, number % N_OPS);
	exhaustive_do(&run, &places, FLUSH);
	crash_close(&run);
	cut_everywhere(&run);
	states = run.states;
	crash_end(&run);
	return states;
}

uint64_t exhaustive_format(const struct vd_case *c, unsigned int part)
{
	uint64_t states = 0;
	unsigned int n = N_OPS, index = 0;

	part *= (unsigned int)crash_setting("CRASH_DIVISOR", 1);
	part = MAX(part / (unsigned int)crash_setting("CRASH_FACTOR", 1), 1U);
	part = (unsigned int)crash_setting("CRASH_PART", part);
	for (unsigned int length = 1; length <= LENGTH; length++, n *= N_OPS) {
		for (unsigned int number = 0; number < n; number++, index++) {
			if (index % part == 0)
				states += try_sequence(c, length, number);
		}
	}
	return states;
}
