// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts all references to each cluster and compares them with the refcounts.
 * Counters for a whole disk could be large, so they cover a window of the file
 * at a time and the tables are walked once for each window.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/check.h"

#define WINDOW (1ULL << 22) /* clusters at most; two bytes each */
#define SHARED 64u	    /* how often all of the file may be walked, for the sake of snapshots */

static void count_one(struct qcow2_checker *c, uint64_t cluster, enum qcow2_use use,
		      const char *what)
{
	uint16_t *count = c->counts + (cluster - c->window);
	uint16_t n = *count & QCOW2_COUNT_MASK;

	if (n && (use == QCOW2_USE_ALONE || *count >> QCOW2_COUNT_USE != use))
		findings_add(c->findings, FINDING_ERROR,
			     "%s: qcow2: %s: the cluster at offset %" PRIu64
			     " is in use for something else",
			     c->q->file->name, what, cluster << c->q->header.cluster_bits);
	if (n == 0)
		*count = (uint16_t)(use << QCOW2_COUNT_USE);
	if (n < QCOW2_COUNT_MASK)
		++*count;
}

void qcow2_refer(struct qcow2_checker *c, uint64_t offset, uint64_t length, enum qcow2_use use,
		 const char *what)
{
	const struct qcow2 *q = c->q;
	uint32_t bits = q->header.cluster_bits;
	uint64_t first = offset >> bits, last, i;

	if (length == 0)
		return;
	if (offset >= q->file->size) {
		if (c->first_pass)
			findings_add(c->findings, FINDING_ERROR,
				     "%s: qcow2: %s at offset %" PRIu64
				     " is beyond the end of the file at %" PRIu64,
				     q->file->name, what, offset, q->file->size);
		return;
	}
	last = (MIN(length, q->file->size - offset) + offset - 1) >> bits;
	c->end = MAX(c->end, last + 1);
	c->used = MAX(c->used, last + 1);
	if (c->refers) {
		if (c->failed == 0)
			c->failed = c->refers(c, first, last - first + 1, use);
		return;
	}
	for (i = MAX(first, c->window); i <= last && i < c->window + c->n_counts; i++)
		count_one(c, i, use, what);
}

void qcow2_refer_active(struct qcow2_checker *c, uint64_t offset)
{
	uint64_t cluster = offset >> c->q->header.cluster_bits;

	if (cluster >= c->window && cluster < c->window + c->n_counts)
		c->counts[cluster - c->window] |= QCOW2_COUNT_ACTIVE;
}

static int qcow2_report(struct qcow2_checker *c, uint64_t cluster, uint64_t stored, uint16_t *count,
			struct error **err)
{
	const char *name = c->q->file->name;
	uint64_t offset = cluster << c->q->header.cluster_bits;
	uint64_t found = *count & QCOW2_COUNT_MASK;

	(void)err;
	if (stored < found)
		findings_add(c->findings, FINDING_ERROR,
			     "%s: qcow2: cluster at offset %" PRIu64 ": refcount %" PRIu64
			     ", but %" PRIu64 " references",
			     name, offset, stored, found);
	else
		findings_add(c->findings, FINDING_LEAK,
			     "%s: qcow2: cluster at offset %" PRIu64 ": refcount %" PRIu64
			     ", but %" PRIu64 " references: leaked",
			     name, offset, stored, found);
	return 0;
}

/* Compares the clusters of one refcount block that are inside the window. */
static int compare_block(struct qcow2_checker *c, uint64_t index, const uint8_t *block,
			 struct error **err)
{
	struct qcow2 *q = c->q;
	uint64_t n = 1ULL << q->refblock_bits, first = index << q->refblock_bits;
	uint64_t i = c->window > first ? c->window - first : 0;
	int r = 0;

	for (; i < n && first + i < c->window + c->n_counts && r == 0; i++) {
		uint16_t *count = c->counts + (first + i - c->window);
		uint64_t found = *count & QCOW2_COUNT_MASK, stored = 0;

		if (block)
			stored = qcow2_refcount_decode(block, i, q->header.refcount_order);
		if (stored)
			c->counted = MAX(c->counted, first + i + 1);
		if (stored != found && (found < QCOW2_COUNT_MASK || stored < found))
			r = c->differs(c, first + i, stored, count, err);
	}
	return r;
}

/* Reads the refcount table entry; *ret_block is 0 where there is none that can be used. */
static int block_of(struct qcow2_checker *c, uint64_t index, uint64_t *ret_block,
		    struct error **err)
{
	struct qcow2 *q = c->q;
	uint64_t value = 0;
	int r = 0;

	*ret_block = 0;
	if (index < q->reftable_entries)
		r = blockmap_get_be64(q->reftable, q->header.reftable_offset, index, &value, err);
	if (r < 0)
		return r;
	value &= ~511ULL;
	if (value && (value & (q->cluster_size - 1) || value >= q->file->size ||
		      q->cluster_size > q->file->size - value)) {
		if (c->first_pass)
			findings_add(c->findings, FINDING_ERROR,
				     "%s: qcow2 refcount table entry %" PRIu64
				     ": block at offset %" PRIu64 " is not inside the file",
				     q->file->name, index, value);
		return 0;
	}
	*ret_block = value;
	return 0;
}

/* Each block is one of the file's clusters, so that what they cover is no more than it can be. */
static void refuse_blocks(struct qcow2_checker *c)
{
	if (!c->gave_up)
		findings_add(c->findings, FINDING_ERROR,
			     "%s: qcow2: more refcount blocks than the file can hold: not all was "
			     "checked",
			     c->q->file->name);
	c->gave_up = true;
}

static int refer_blocks(struct qcow2_checker *c, struct error **err)
{
	struct qcow2 *q = c->q;
	uint64_t left = q->file->size >> q->header.cluster_bits;
	int r = 0;

	qcow2_refer(c, q->header.reftable_offset, q->header.reftable_clusters * q->cluster_size,
		    QCOW2_USE_ALONE, "refcount table");
	for (uint64_t i = 0; i < q->reftable_entries && r == 0; i++) {
		uint64_t block = 0;

		r = block_of(c, i, &block, err);
		if (r < 0 || block == 0)
			continue;
		if (left-- == 0) {
			refuse_blocks(c);
			return 0;
		}
		qcow2_refer(c, block, q->cluster_size, QCOW2_USE_ALONE, "refcount block");
		c->end = MAX(c->end, (i + 1) << q->refblock_bits);
	}
	return r;
}

int qcow2_compare(struct qcow2_checker *c, struct error **err)
{
	struct qcow2 *q = c->q;
	uint64_t end = MIN(c->end, c->window + c->n_counts);
	uint64_t index = c->window >> q->refblock_bits;
	int r = 0;

	for (; r == 0 && index << q->refblock_bits < end; index++) {
		uint64_t block = 0;

		r = block_of(c, index, &block, err);
		if (r == 0 && block)
			r = source_pread(q->file, c->block, q->cluster_size, block, err);
		if (r == 0)
			r = compare_block(c, index, block ? c->block : NULL, err);
	}
	return r;
}

int qcow2_refer_all(struct qcow2_checker *c, struct error **err)
{
	int r;

	if (!c->refers)
		memset(c->counts, 0, c->n_counts * sizeof(*c->counts));
	c->budget = c->most;
	c->used = 0;
	qcow2_refer(c, 0, c->q->cluster_size, QCOW2_USE_ALONE, "header");
	r = refer_blocks(c, err);
	if (r == 0)
		r = qcow2_check_l1(c, c->q->header.l1_offset, c->q->header.l1_entries, true, err);
	if (r == 0)
		r = qcow2_check_snapshots(c, err);
	if (r == 0)
		r = qcow2_check_bitmaps(c, err);
	return r;
}

bool qcow2_has_blocks(struct qcow2_checker *c)
{
	struct qcow2 *q = c->q;
	uint64_t first = c->window >> q->refblock_bits;
	uint64_t n = MAX(1, c->n_counts >> q->refblock_bits), block = 0;

	if (c->window << q->header.cluster_bits < q->file->size)
		return true;
	for (uint64_t i = first; i < first + n; i++) {
		if (block_of(c, i, &block, NULL) == 0 && block)
			return true;
	}
	return false;
}

uint64_t qcow2_window(const struct qcow2 *q)
{
	uint64_t n = (q->file->size >> q->header.cluster_bits) + 1;

	return MIN(WINDOW, MAX(n, 1ULL << q->refblock_bits));
}

int qcow2_checker_init(struct qcow2_checker *c, struct vd_image *image, struct findings *findings,
		       uint64_t n_counts, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);

	*c = (struct qcow2_checker){ .image = image,
				     .q = q,
				     .findings = findings,
				     .n_counts = n_counts,
				     .most = MIN(q->file->size, UINT64_MAX / SHARED) * SHARED };
	c->counts = malloc(n_counts * sizeof(*c->counts));
	c->block = malloc(q->cluster_size);
	c->table = malloc(q->cluster_size);
	if (!c->counts || !c->block || !c->table)
		return error_sys(err, ENOMEM, "cannot check '%s'", q->file->name);
	return 0;
}

void qcow2_checker_release(struct qcow2_checker *c)
{
	free(c->counts);
	free(c->block);
	free(c->table);
}

int qcow2_walk(struct qcow2_checker *c, struct error **err)
{
	int r = 0;

	c->first_pass = true;
	c->window = 0;
	c->gave_up = false;
	do {
		if (c->first_pass || qcow2_has_blocks(c)) {
			r = qcow2_refer_all(c, err);
			if (r == 0 && !c->gave_up && c->differs)
				r = qcow2_compare(c, err);
			c->first_pass = false;
		}
		c->window += c->n_counts;
	} while (r == 0 && !c->gave_up && c->window < c->end);
	return r;
}

/* A process that was killed leaves it, and the next write uses it again. */
static void report_behind(struct qcow2_checker *c)
{
	const struct source *file = c->q->file;
	uint64_t end = MAX(c->used, c->counted) * c->q->cluster_size;

	if (file->size > end)
		findings_add(c->findings, FINDING_LEAK,
			     "%s: qcow2: %" PRIu64 " bytes behind the last cluster in use: leaked",
			     file->name, file->size - end);
}

int qcow2_check(struct vd_image *image, struct error **err)
{
	_cleanup_checker_ struct qcow2_checker c = { .q = NULL };
	struct qcow2 *q = qcow2_of(image);
	int r = qcow2_flush(image, err);

	/* refcounts are known not to be valid: nothing to compare with */
	if (r < 0 || q->header.incompatible & QCOW2_INCOMPAT_DIRTY)
		return r;
	r = qcow2_checker_init(&c, image, &image->findings, qcow2_window(q), err);
	c.differs = qcow2_report;
	if (r == 0)
		r = qcow2_walk(&c, err);
	if (r == 0 && !c.gave_up)
		report_behind(&c);
	return r;
}
