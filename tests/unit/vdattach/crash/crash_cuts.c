// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/crash_cuts.h"

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

/* What is zeroed does not make the file longer. */
static void crash_zero(struct paged *file, uint64_t n, uint64_t offset)
{
	if (offset < file->size)
		paged_zero(file, MIN(n, file->size - offset), offset);
}

/* Each 512-byte piece of a write reaches the disk or not. */
static void crash_tear(struct paged *file, const struct world_op *op, uint64_t *rng)
{
	size_t at = 0;

	while (at < op->n) {
		size_t part =
			MIN(CRASH_SECTOR - (size_t)((op->offset + at) % CRASH_SECTOR), op->n - at);

		if (rng_below(rng, 2) && op->kind == OP_ZERO)
			crash_zero(file, part, op->offset + at);
		else if (op->kind == OP_WRITE && rng_below(rng, 2))
			paged_write(file, op->data + at, part, op->offset + at);
		at += part;
	}
}

static void crash_apply(struct paged *file, const struct world_op *op, uint64_t *rng, bool torn)
{
	uint64_t size = op->offset;

	if (op->kind != OP_RESIZE && torn)
		crash_tear(file, op, rng);
	else if (op->kind == OP_ZERO)
		crash_zero(file, op->n, op->offset);
	else if (op->kind == OP_WRITE)
		paged_write(file, op->data, op->n, op->offset);
	if (op->kind != OP_RESIZE)
		return;
	if (torn && size > file->size)
		size -= rng_below(rng, (size - file->size) / CRASH_SECTOR + 1) * CRASH_SECTOR;
	paged_resize(file, size);
}

/* The disk after a cut: all files as flushed, and of each operation since what its fate says. */
static void crash_state(struct crash_run *run, const struct crash_durable *durable,
			const uint8_t *fates, struct world *ret)
{
	*ret = (struct world){ .n = durable->world.n };
	for (unsigned int f = 0; f < durable->world.n; f++) {
		memcpy(ret->files[f].name, durable->world.files[f].name,
		       sizeof(ret->files[f].name));
		paged_copy(&ret->files[f].now, &durable->world.files[f].now);
		for (size_t i = durable->flushed[f]; i < run->cut; i++) {
			const struct world_op *op = run->world.ops + i;

			if (op->kind <= OP_RESIZE && op->file == f && fates[i] != FATE_LOST)
				crash_apply(&ret->files[f].now, op, &run->rng,
					    fates[i] == FATE_TORN);
		}
	}
}

/* Writing on after the cut changes what is written and nothing else. */
static void crash_write_on(struct crash_run *run, struct world *world)
{
	struct crash_disk *before = &run->seen, *after = &run->again;
	bool no_leaks = run->no_leaks;

	for (uint32_t i = 0; i < 3; i++) {
		uint64_t sector = rng_below(&run->rng, run->sectors);
		uint8_t *bytes = before->bytes + sector * CRASH_SECTOR;

		before->blank[sector] = false;
		crash_paint(bytes, sector, 0x80000000u + i);
		if (source_pwrite(run->disk, bytes, CRASH_SECTOR, sector * CRASH_SECTOR, NULL) < 0)
			crash_fail(run, "cannot be written");
	}
	if (source_flush(run->disk, NULL) < 0)
		crash_fail(run, "cannot be flushed");
	run->no_leaks |= crash_reclaims(run->image);
	crash_close(run);
	crash_open(run, world);
	run->no_leaks = no_leaks;
	crash_see(run, after);
	for (uint64_t s = 0; s < run->sectors; s++) {
		if (!crash_same(crash_sector(before, s), crash_sector(after, s)))
			crash_fail(run, "writing on changed sector %llu", (unsigned long long)s);
	}
}

void crash_try(struct crash_run *run, const struct crash_durable *durable, const uint8_t *fates,
	       struct world *ret)
{
	run->states++;
	crash_state(run, durable, fates, ret);
	crash_open(run, ret);
	if (run->image->size != run->sectors * CRASH_SECTOR)
		crash_fail(run, "changed its size");
	crash_see(run, &run->seen);
	crash_verify(run, &run->seen);
}

static void crash_try_on(struct crash_run *run, const struct crash_durable *durable,
			 const uint8_t *fates)
{
	struct world world;

	crash_try(run, durable, fates, &world);
	if (rng_below(&run->rng, 3) == 0)
		crash_write_on(run, &world);
	crash_close(run);
	world_release(&world);
}

/* What a recorded operation means for what must be there after a cut. */
void crash_step(struct crash_run *run, const struct world_op *op, struct crash_durable *durable)
{
	switch (op->kind) {
	case OP_GUEST_WRITE:
		run->serial = MAX(run->serial, op->serial);
		for (size_t i = 0; i < op->n; i++)
			run->latest[op->offset + i] = op->serial;
		break;
	case OP_GUEST_ZERO:
	case OP_GUEST_DISCARD:
		run->serial = MAX(run->serial, op->serial);
		for (size_t i = 0; i < op->n; i++) {
			run->zeroed[op->offset + i] = op->serial;
			if (op->kind == OP_GUEST_ZERO)
				run->latest[op->offset + i] = op->serial;
		}
		break;
	case OP_GUEST_FLUSH:
		memcpy(run->safe, run->latest, run->sectors * 4);
		break;
	case OP_FLUSH:
		for (size_t i = durable->flushed[op->file]; i < run->cut; i++) {
			if (run->world.ops[i].kind <= OP_RESIZE &&
			    run->world.ops[i].file == op->file)
				crash_apply(&durable->world.files[op->file].now, run->world.ops + i,
					    &run->rng, false);
		}
		durable->flushed[op->file] = run->cut;
		break;
	case OP_WRITE:
	case OP_ZERO:
	case OP_RESIZE:
		break;
	}
}

void crash_durable_copy(const struct crash_run *run, struct crash_durable *ret)
{
	*ret = (struct crash_durable){ .world.n = run->world.n };
	for (unsigned int f = 0; f < run->world.n; f++) {
		memcpy(ret->world.files[f].name, run->world.files[f].name,
		       sizeof(ret->world.files[f].name));
		paged_copy(&ret->world.files[f].now, &run->world.files[f].start);
	}
}

void crash_durable_start(struct crash_run *run, struct crash_durable *ret)
{
	crash_durable_copy(run, ret);
	run->serial = 0;
	memset(run->latest, 0, run->sectors * 4);
	memset(run->safe, 0, run->sectors * 4);
	memset(run->zeroed, 0, run->sectors * 4);
}

static void crash_draw_fates(struct crash_run *run, uint8_t *fates)
{
	uint64_t keep = rng_below(&run->rng, 8);

	for (size_t i = 0; i < run->cut; i++) {
		if (rng_below(&run->rng, 8) > keep)
			fates[i] = FATE_LOST;
		else
			fates[i] = rng_below(&run->rng, 3) ? FATE_KEPT : FATE_TORN;
	}
}

void crash_cuts(struct crash_run *run)
{
	uint8_t *fates = crash_alloc(run->world.n_ops + 1);
	struct crash_durable durable;

	crash_durable_start(run, &durable);
	for (size_t i = 0; i < run->world.n_ops; i++) {
		run->cut = i + 1;
		crash_step(run, run->world.ops + i, &durable);
		if (run->world.ops[i].kind > OP_RESIZE)
			continue;
		run->state = "cut at";
		memset(fates, FATE_KEPT, run->cut);
		crash_try_on(run, &durable, fates);
		run->state = "some writes lost before";
		for (unsigned int n = 0; n < 2; n++) {
			crash_draw_fates(run, fates);
			crash_try_on(run, &durable, fates);
		}
	}
	world_release(&durable.world);
	free(fates);
}
