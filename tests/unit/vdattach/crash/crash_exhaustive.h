/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded and exhaustive, where crash.h is long and random (the idea of CrashMonkey): all sequences
 * of one to three operations of a guest out of {write new, overwrite, cross a
 * block, zero, discard, flush}, then a flush, and the power cut after
 * each write of ours, with every subset of the writes that were not flushed; in each prefix the
 * last one torn, too. From some of these states the recovery and the first write after it are cut
 * in turn.
 */
#ifndef TESTS_UNIT_VDATTACH_CRASH_CRASH_EXHAUSTIVE_H
#define TESTS_UNIT_VDATTACH_CRASH_CRASH_EXHAUSTIVE_H

#include "tests/unit/vdattach/crash/crash.h"

/*
 * One sequence in part, by their numbers; CRASH_FACTOR and CRASH_DIVISOR (see crash.h) make it more
 * or fewer, and CRASH_PART=1 all. Returns the number of states.
 */
uint64_t exhaustive_format(const struct vd_case *c, unsigned int part);

#endif
