/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of QCOW2 images at random: for cases, see QCOW2_DISKS. */
#ifndef TESTS_UNIT_VDATTACH_QCOW2_QCOW2_DISKS_H
#define TESTS_UNIT_VDATTACH_QCOW2_QCOW2_DISKS_H

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/qcow2/qcow2_make.h"

void q2_make_with(struct q2 *q, struct world *world, uint64_t *rng, bool snapshot);

void q2_make_v2(struct q2 *q, struct world *world, uint64_t *rng);

void q2_make_v3(struct q2 *q, struct world *world, uint64_t *rng);

void q2_make_64k(struct q2 *q, struct world *world, uint64_t *rng);

void q2_make_snapshot(struct q2 *q, struct world *world, uint64_t *rng);

/* New refcount blocks, and a refcount table that is full. */
void q2_make_small_tables(struct q2 *q, struct world *world, uint64_t *rng);

void q2_make_child(struct q2 *q, struct world *world, uint64_t *rng);

/* With subclusters of all kinds; some have a raw parent, some a snapshot. */
void q2_make_extended(struct q2 *q, struct world *world, uint64_t *rng);

void q2_make_data_file(struct q2 *q, struct world *world, uint64_t *rng);

/* X(name, what it is): q2_make_NAME makes it. */
#define QCOW2_DISKS(X)                 \
	X(v2, "version 2")             \
	X(v3, "version 3")             \
	X(64k, "64 KiB clusters")      \
	X(snapshot, "snapshot")        \
	X(small_tables, "full tables") \
	X(child, "raw parent")         \
	X(extended, "extended L2")     \
	X(data_file, "data file")

#endif
