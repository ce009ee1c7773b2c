/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two property tests that every writable format must pass.
 *
 * crash_format: a random workload is recorded write by write; then the power is
 * cut after each write, with every write since the last flush of its file
 * present, absent, or torn at 512 bytes (all for the prefixes, at random
 * otherwise). Each time the image must open for writing, check must report no
 * error (leaks are allowed), every sector must hold what was flushed or
 * something written after it, and writing on must change nothing else.
 *
 * model_format: random reads, writes, discards, zeroings, flushes, reopenings
 * and full disks against an array of sectors.
 *
 * The seed is printed by a failing test; CRASH_SEED and CRASH_WORKLOADS in the
 * environment choose others; CRASH_FACTOR makes the number of each format so many times what it is:
 * make check-all runs thousands.
 */
#ifndef TESTS_VDATTACH_CRASH_H
#define TESTS_VDATTACH_CRASH_H

#include "tests/unit/vdattach/world.h"

/* A kind of image. */
struct vd_case {
	const char *name;
	/* Puts a new image into world as its first file, and the other files that it needs. */
	void (*make)(struct world *world, uint64_t *rng);
};

static inline void crash_format(const struct vd_case *c, uint64_t seed, unsigned int workloads);
static inline void model_format(const struct vd_case *c, uint64_t seed, unsigned int rounds);

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define CRASH_SECTOR 512u

/* What a disk holds: sectors that its map says are zeros have no bytes here. */
struct crash_disk {
	uint8_t *bytes;
	bool *blank;
};

/* One image under test, and where the test is, for the message of a failure. */
struct crash_run {
	const struct vd_case *c;
	uint64_t seed, rng;
	struct world world;
	struct vd_opener opener;
	struct vd_image *image;
	struct source *disk;
	uint64_t sectors;
	struct crash_disk base;	       /* before the first write */
	struct crash_disk seen, again; /* scratch */
	uint32_t *latest;	       /* serial of the last write of each sector */
	uint32_t *safe;		       /* the same at the last flush */
	uint32_t *zeroed; /* serial of the last operation that made it zeros, or may have */
	uint32_t serial;
	const char *state;
	size_t cut;
	bool no_leaks; /* check must find none */
};

#define crash_fail(run, fmt, ...)                                     \
	fail_msg("%s: CRASH_SEED=%llu, %s %zu: " fmt, (run)->c->name, \
		 (unsigned long long)(run)->seed, (run)->state, (run)->cut, ##__VA_ARGS__)

/* Its first write after open gives back all that a cut or a kill has leaked. */
static inline bool crash_reclaims(const struct vd_image *image)
{
	return image->format == &vd_format_qcow2;
}

static inline void crash_close(struct crash_run *run)
{
	source_close(&run->disk);
	vd_image_close(&run->image);
}

/* Opens and checks: what holds after any cut and any reopening. */
static inline void crash_open(struct crash_run *run, struct world *world)
{
	_cleanup_error_ struct error *err = NULL;

	run->opener = world_opener(world);
	if (world_open(world, &run->opener, false, &run->image, &err) < 0)
		crash_fail(run, "does not open: %s", error_msg(err));
	if (run->image->read_only)
		crash_fail(run, "opens read-only");
	if (vd_image_check(run->image, &err) < 0)
		crash_fail(run, "check: %s", error_msg(err));
	for (size_t i = 0; i < run->image->findings.n; i++) {
		enum finding_level level = run->image->findings.items[i].level;

		if (level == FINDING_ERROR || (run->no_leaks && level == FINDING_LEAK))
			crash_fail(run, "check: %s", run->image->findings.items[i].text);
	}
	if (vd_image_view(run->image, &run->disk, NULL) < 0)
		abort();
}

#include "tests/unit/vdattach/crash_disk.h"

/* Memory for what there is to know of the disk of run->image, which is open. */
static inline void crash_room(struct crash_run *run)
{
	run->sectors = run->image->size / CRASH_SECTOR;
	crash_disk_new(run, &run->base);
	crash_disk_new(run, &run->seen);
	crash_disk_new(run, &run->again);
	run->latest = crash_alloc(run->sectors * 4);
	run->safe = crash_alloc(run->sectors * 4);
	run->zeroed = crash_alloc(run->sectors * 4);
}

static inline void crash_start(struct crash_run *run, const struct vd_case *c, uint64_t seed)
{
	*run = (struct crash_run){ .c = c, .seed = seed, .state = "start" };
	run->rng = seed * 0x9e3779b97f4a7c15ULL + 1;
	/* images are opened by the thousand: their memory is to be used again */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	c->make(&run->world, &run->rng);
	crash_open(run, &run->world);
	crash_room(run);
	run->world.holes = rng_below(&run->rng, 4) != 0;
	crash_see(run, &run->base);
}

static inline void crash_end(struct crash_run *run)
{
	crash_close(run);
	world_release(&run->world);
	crash_disk_free(&run->base);
	crash_disk_free(&run->seen);
	crash_disk_free(&run->again);
	free(run->latest);
	free(run->safe);
	free(run->zeroed);
}

/* A run of sectors: often at the edges of blocks and over them, often where there was one before.
 */
static inline void crash_choose(struct crash_run *run, uint64_t *ret_sector, size_t *ret_n)
{
	uint64_t block = run->image->block_size / CRASH_SECTOR, at, before;

	*ret_n = 1 + (size_t)rng_below(&run->rng, rng_below(&run->rng, 4) ? 12 : 100);
	at = rng_below(&run->rng, run->sectors);
	if (block && rng_below(&run->rng, 3) == 0) {
		before = rng_below(&run->rng, *ret_n + 1);
		at -= at % block;
		at -= MIN(at, before);
	}
	*ret_n = (size_t)MIN((uint64_t)*ret_n, run->sectors - at);
	*ret_sector = at;
}

/* One write by the guest. Returns what source_pwrite does. */
static inline int crash_guest_write(struct crash_run *run, uint64_t sector, size_t n)
{
	uint8_t buf[100 * CRASH_SECTOR];
	size_t op = run->world.n_ops;
	int r;

	run->serial++;
	for (size_t i = 0; i < n; i++)
		crash_paint(buf + i * CRASH_SECTOR, sector + i, run->serial);
	if (run->world.recording) {
		*world_log(&run->world, OP_GUEST_WRITE) = (struct world_op){
			.kind = OP_GUEST_WRITE, .offset = sector, .n = n, .serial = run->serial
		};
	}
	r = source_pwrite(run->disk, buf, n * CRASH_SECTOR, sector * CRASH_SECTOR, NULL);
	/* the guest was told: what is there now is old or new */
	if (r < 0 && run->world.recording)
		run->world.ops[op].n = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		run->latest[sector + i] = run->serial;
	return r;
}

/* A longer run: often whole blocks. */
static inline void crash_choose_blocks(struct crash_run *run, uint64_t *ret_sector, size_t *ret_n)
{
	uint64_t block = MAX(run->image->block_size / CRASH_SECTOR, 8), n;

	crash_choose(run, ret_sector, ret_n);
	if (rng_below(&run->rng, 4) == 0)
		return;
	*ret_sector -= *ret_sector % block;
	n = block * (1 + rng_below(&run->rng, 3));
	if (rng_below(&run->rng, 4) == 0)
		n += rng_below(&run->rng, block);
	*ret_n = (size_t)MIN(n, run->sectors - *ret_sector);
}

/* As before or as the last operation made it: notes which. */
static inline void crash_look(struct crash_run *run, uint64_t sector, size_t n)
{
	uint8_t buf[CRASH_SECTOR];

	for (uint64_t s = sector; s < sector + n; s++) {
		uint32_t serial;

		if (source_pread(run->disk, buf, sizeof(buf), s * CRASH_SECTOR, NULL) < 0)
			crash_fail(run, "cannot be read");
		serial = crash_identify(run, buf, s);
		if (serial != run->latest[s] && serial != run->serial)
			crash_fail(run, "sector %llu is of write %u, not of %u or the last one",
				   (unsigned long long)s, serial, run->latest[s]);
		run->latest[s] = serial;
	}
}

/* Write-zeroes or discard by the guest. Returns what the source does. */
static inline int crash_guest_discard(struct crash_run *run, uint64_t sector, size_t n, bool zero)
{
	enum world_op_kind kind = zero ? OP_GUEST_ZERO : OP_GUEST_DISCARD;
	uint64_t bytes = (uint64_t)n * CRASH_SECTOR, offset = sector * CRASH_SECTOR;
	size_t op = run->world.n_ops;
	int r;

	run->serial++;
	for (size_t i = 0; i < n; i++)
		run->zeroed[sector + i] = run->serial;
	if (run->world.recording) {
		*world_log(&run->world, kind) = (struct world_op){
			.kind = kind, .offset = sector, .n = n, .serial = run->serial
		};
	}
	r = zero ? source_write_zeroes(run->disk, bytes, offset, NULL)
		 : source_discard(run->disk, bytes, offset, NULL);
	/* a failed one may have been done in part */
	if (r < 0 && run->world.recording)
		run->world.ops[op].kind = OP_GUEST_DISCARD;
	if (r < 0 || !zero) {
		crash_look(run, sector, n);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		run->latest[sector + i] = run->serial;
	return r;
}

static inline int crash_guest_flush(struct crash_run *run)
{
	int r = source_flush(run->disk, NULL);

	if (r == 0 && run->world.recording)
		world_log(&run->world, OP_GUEST_FLUSH);
	if (r == 0)
		memcpy(run->safe, run->latest, run->sectors * 4);
	return r;
}

/* Closed without a flush: what was not flushed may be gone, but no power was cut. */
static inline void crash_reopen(struct crash_run *run)
{
	crash_close(run);
	/* what open mends has its space since it was changed, which no disk in memory knows */
	run->world.fail_in = 0;
	crash_open(run, &run->world);
	crash_see(run, &run->seen);
	crash_verify(run, &run->seen);
	for (uint64_t s = 0; s < run->sectors; s++) {
		uint32_t serial = crash_identify(run, crash_sector(&run->seen, s), s);

		if (serial == run->latest[s])
			continue;
		run->latest[s] = serial;
		*world_log(&run->world, OP_GUEST_WRITE) = (struct world_op){
			.kind = OP_GUEST_WRITE, .offset = s, .n = 1, .serial = serial
		};
	}
}

static inline void crash_workload(struct crash_run *run)
{
	unsigned int steps = 4 + (unsigned int)rng_below(&run->rng, 24);

	run->state = "workload, step";
	for (run->cut = 0; run->cut < steps; run->cut++) {
		uint64_t dice = rng_below(&run->rng, 100), sector;
		size_t n;

		if (dice < 4) {
			run->world.fail_in = 1 + (unsigned int)rng_below(&run->rng, 5);
		} else if (dice < 24) {
			(void)crash_guest_flush(run);
		} else if (dice < 28) {
			crash_reopen(run);
		} else if (dice < 44) {
			crash_choose_blocks(run, &sector, &n);
			(void)crash_guest_discard(run, sector, n, dice < 38);
		} else {
			crash_choose(run, &sector, &n);
			if (crash_guest_write(run, sector, n) < 0)
				crash_look(run, sector, n);
		}
	}
	run->world.fail_in = 0;
	(void)crash_guest_flush(run);
	crash_close(run);
}

#include "tests/unit/vdattach/crash_cuts.h"

static inline uint64_t crash_setting(const char *name, uint64_t value)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : value;
}

static inline void crash_format(const struct vd_case *c, uint64_t seed, unsigned int workloads)
{
	seed = crash_setting("CRASH_SEED", seed);
	workloads *= (unsigned int)crash_setting("CRASH_FACTOR", 1);
	workloads = (unsigned int)crash_setting("CRASH_WORKLOADS", workloads);
	for (unsigned int i = 0; i < workloads; i++) {
		struct crash_run run;

		crash_start(&run, c, seed + i);
		world_record(&run.world);
		crash_workload(&run);
		crash_cuts(&run);
		crash_end(&run);
	}
}

#include "tests/unit/vdattach/crash_model.h"

#endif
