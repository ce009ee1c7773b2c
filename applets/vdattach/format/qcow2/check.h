/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of qcow2's check. */
#ifndef APPLETS_VDATTACH_FORMAT_QCOW2_CHECK_H
#define APPLETS_VDATTACH_FORMAT_QCOW2_CHECK_H

#include "applets/vdattach/format/qcow2/qcow2.h"

/* What a cluster is used for: kept with the number of its references. */
enum qcow2_use {
	QCOW2_USE_DATA,	 /* of the guest: snapshots share it */
	QCOW2_USE_TABLE, /* an L2 table: snapshots share it */
	QCOW2_USE_ALONE, /* all else: nothing shares it */
};

/* What is done about a COPIED flag that contradicts the refcount. */
enum qcow2_copied {
	QCOW2_COPIED_REPORT,
	QCOW2_COPIED_IGNORE,
	QCOW2_COPIED_MEND,
};

/* Counters: references, saturating; whether the disk of now is one of them; the use. */
#define QCOW2_COUNT_MASK   0x1fffU
#define QCOW2_COUNT_ACTIVE 0x2000U
#define QCOW2_COUNT_USE	   14 /* bits from here on */

struct qcow2_checker {
	struct vd_image *image;
	struct qcow2 *q;
	struct findings *findings;
	bool first_pass;  /* what is not about refcounts is said once */
	uint64_t window;  /* first cluster that is counted */
	uint64_t most;	  /* bytes of L2 tables that may be read in one pass */
	uint64_t budget;  /* what is left of them */
	bool gave_up;	  /* it was used up */
	uint64_t end;	  /* of all clusters that are referred to or have a refcount */
	uint64_t used;	  /* behind the last cluster that is referred to */
	uint64_t counted; /* behind the last cluster that has a refcount */
	bool tables_only; /* references from L2 tables are not followed */
	uint16_t *counts; /* n_counts of them: QCOW2_COUNT_*; owned */
	uint64_t n_counts;
	uint8_t *block; /* one cluster of scratch, for refcount blocks; owned */
	uint8_t *table; /* the same, for L2 tables; owned */
	enum qcow2_copied copied;
	uint64_t limit; /* format/qcow2/repair.c: clusters from here on are left to the next pass */
	uint64_t changed; /* refcounts and flags that were corrected, or would be */
	/* NULL, or called for each reference instead of counting it. Returns 0 or -errno. */
	int (*refers)(struct qcow2_checker *c, uint64_t first, uint64_t n, enum qcow2_use use);
	int failed; /* what refers returned */
	/*
	 * A cluster with another refcount than it has references: count is its counter. Returns 0
	 * or -errno.
	 */
	int (*differs)(struct qcow2_checker *c, uint64_t cluster, uint64_t stored, uint16_t *count,
		       struct error **err);
};

/* Memory for n_counts counters, at most those of a window. On failure too: release. */
int qcow2_checker_init(struct qcow2_checker *c, struct vd_image *image, struct findings *findings,
		       uint64_t n_counts, struct error **err) _must_check_ _nonnull_(1, 2, 3);
void qcow2_checker_release(struct qcow2_checker *c) _nonnull_(1);

#define _cleanup_checker_ _cleanup_(qcow2_checker_release)

/* How many counters are enough for all windows of the image. */
uint64_t qcow2_window(const struct qcow2 *q) _nonnull_(1);

/* Counts all references to the clusters of the window at c->window. 0 or -errno. */
int qcow2_refer_all(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

/* Calls c->differs for each cluster of the window whose refcount is not what was counted. */
int qcow2_compare(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

/* False where a window has nothing to compare, so that a hostile table cannot make for many. */
bool qcow2_has_blocks(struct qcow2_checker *c) _nonnull_(1);

/* Both for all windows, until there are no more or c->gave_up. Without c->differs: counts only. */
int qcow2_walk(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

/*
 * Changes one refcount, and counts that in c->changed; before that a flush where the changes do not
 * fit in memory. 0 or -errno.
 */
int qcow2_correct(struct qcow2_checker *c, uint64_t cluster, uint64_t value,
		  struct error **err) _must_check_ _nonnull_(1);

/* Takes space, and cuts the file, behind so many clusters: they are all that is in use. */
void qcow2_cut(struct qcow2 *q, uint64_t used) _nonnull_(1);

/* Counts a reference to each cluster that has one of the bytes. what: for messages. */
void qcow2_refer(struct qcow2_checker *c, uint64_t offset, uint64_t length, enum qcow2_use use,
		 const char *what) _nonnull_(1, 5);

/* The disk of now, not of a snapshot, has a reference to the cluster, which was counted. */
void qcow2_refer_active(struct qcow2_checker *c, uint64_t offset) _nonnull_(1);

/* An L1 table with all that it leads to. active: COPIED flags must be right. 0 or -errno. */
int qcow2_check_l1(struct qcow2_checker *c, uint64_t offset, uint64_t entries, bool active,
		   struct error **err) _must_check_ _nonnull_(1);

/* The table of internal snapshots with their L1 tables. */
int qcow2_check_snapshots(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

/* The directory of persistent bitmaps with their tables. */
int qcow2_check_bitmaps(struct qcow2_checker *c, struct error **err) _must_check_ _nonnull_(1);

#endif
