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
 * make check-all runs thousands. CRASH_DIVISOR makes it a part: every day the sanitizers, under
 * which each takes ten times as long, look at one in 24.
 */
#ifndef TESTS_UNIT_VDATTACH_CRASH_CRASH_H
#define TESTS_UNIT_VDATTACH_CRASH_CRASH_H

#include "tests/unit/vdattach/fake/world.h"

/* A kind of image. */
struct vd_case {
	const char *name;
	/* Puts a new image into world as its first file, and the other files that it needs. */
	void (*make)(struct world *world, uint64_t *rng);
};

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
	struct vd_resolver resolver;
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
	bool no_leaks;	 /* check must find none */
	bool odd_pieces; /* the guest's writes are not of whole sectors */
	uint64_t states; /* after cuts, that were looked at */
};

#define crash_fail(run, fmt, ...)                                     \
	fail_msg("%s: CRASH_SEED=%llu, %s %zu: " fmt, (run)->c->name, \
		 (unsigned long long)(run)->seed, (run)->state, (run)->cut, ##__VA_ARGS__)

/* Its first write after open gives back all that a cut or a kill has leaked. */
bool crash_reclaims(const struct vd_image *image);

void crash_close(struct crash_run *run);

/* Opens and checks: what holds after any cut and any reopening. */
void crash_open(struct crash_run *run, struct world *world);

/* Memory for what there is to know of the disk of run->image, which is open. */
void crash_room(struct crash_run *run);

void crash_start(struct crash_run *run, const struct vd_case *c, uint64_t seed);

void crash_end(struct crash_run *run);

/* A run of sectors: often at the edges of blocks and over them, often where there was one before.
 */
void crash_choose(struct crash_run *run, uint64_t *ret_sector, size_t *ret_n);

/* One write by the guest. Returns what source_pwrite does. */
int crash_guest_write(struct crash_run *run, uint64_t sector, size_t n);

/* A longer run: often whole blocks. */
void crash_choose_blocks(struct crash_run *run, uint64_t *ret_sector, size_t *ret_n);

/* As before or as the last operation made it: notes which. */
void crash_look(struct crash_run *run, uint64_t sector, size_t n);

/* Write-zeroes or discard by the guest. Returns what the source does. */
int crash_guest_discard(struct crash_run *run, uint64_t sector, size_t n, bool zero);

int crash_guest_flush(struct crash_run *run);

uint64_t crash_setting(const char *name, uint64_t value);

void crash_format(const struct vd_case *c, uint64_t seed, unsigned int workloads);

#endif
