/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of qcow2's check. */
#ifndef VDATTACH_QCOW2_CHECK_H
#define VDATTACH_QCOW2_CHECK_H

#include "applets/vdattach/qcow2.h"

struct qcow2_checker {
	struct qcow2 *q;
	struct findings *findings;
	bool first_pass;  /* what is not about refcounts is said once */
	uint64_t window;  /* first cluster that is counted */
	uint64_t budget;  /* bytes of L2 tables that may still be read in this pass */
	bool gave_up;	  /* it was used up */
	uint64_t end;	  /* of all clusters that are referred to or have a refcount */
	uint16_t *counts; /* n_counts of them, saturating */
	uint64_t n_counts;
	uint8_t *block; /* one cluster of scratch, for refcount blocks */
	uint8_t *table; /* the same, for L2 tables */
};

/* Counts a reference to each cluster that has one of the bytes. what: for messages. */
void qcow2_refer(struct qcow2_checker *c, uint64_t offset, uint64_t length, const char *what)
	_nonnull_(1, 4);

/* An L1 table with all that it leads to. active: COPIED flags must be right. 0 or -errno. */
int qcow2_check_l1(struct qcow2_checker *c, uint64_t offset, uint64_t entries, bool active,
		   struct error **err) _must_check_ _nonnull_(1);

/* The table of internal snapshots with their L1 tables. */
int qcow2_check_snapshots(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

/* The directory of persistent bitmaps with their tables. */
int qcow2_check_bitmaps(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

#endif
