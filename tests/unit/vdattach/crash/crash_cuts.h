/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power cuts of crash.h, which includes it. */
#ifndef TESTS_UNIT_VDATTACH_CRASH_CRASH_CUTS_H
#define TESTS_UNIT_VDATTACH_CRASH_CRASH_CUTS_H

#include "tests/unit/vdattach/crash/crash.h"

/* What became of an operation that was not flushed. */
enum { FATE_LOST, FATE_KEPT, FATE_TORN };

/* What is on the disk for certain. */
struct crash_durable {
	struct world world;
	size_t flushed[WORLD_FILES]; /* of each file, the recorded operations that are in it */
};

/* As the files were when recording began. */
void crash_durable_copy(const struct crash_run *run, struct crash_durable *ret);

/* The same, and nothing that the guest wrote is known to be there. */
void crash_durable_start(struct crash_run *run, struct crash_durable *ret);

/* What a recorded operation, the last one before run->cut, means for what a cut leaves. */
void crash_step(struct crash_run *run, const struct world_op *op, struct crash_durable *durable);

/*
 * One state after a cut, before which fates[i] happened to operation i: it opens, is consistent and
 * has all that was flushed. run->image is open then, in *ret.
 */
void crash_try(struct crash_run *run, const struct crash_durable *durable, const uint8_t *fates,
	       struct world *ret);

/* Cuts the power after each of the recorded operations. */
void crash_cuts(struct crash_run *run);

#endif
