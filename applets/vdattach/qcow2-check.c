// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts all references to each cluster and compares them with the refcounts.
 * Counters for a whole disk could be large, so they cover a window of the file
 * at a time and the tables are walked once for each window.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/qcow2-check.h"

#define WINDOW (1ULL << 22) /* clusters at most; two bytes each */
#define SHARED 64u	    /* how often all of the file may be walked, for the sake of snapshots */

void qcow2_refer(struct qcow2_checker *c, uint64_t offset, uint64_t length, const char *what)
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
	for (i = MAX(first, c->window); i <= last && i < c->window + c->n_counts; i++) {
		if (c->counts[i - c->window] < UINT16_MAX)
			c->counts[i - c->window]++;
	}
}

static void report(struct qcow2_checker *c, uint64_t cluster, uint64_t stored, uint64_t found)
{
	const char *name = c->q->file->name;
	uint64_t offset = cluster << c->q->header.cluster_bits;

	if (stored == found || (found == UINT16_MAX && stored > found))
		return;
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
}

/* Compares the clusters of one refcount block that are inside the window. */
static int compare_block(struct qcow2_checker *c, uint64_t index, const uint8_t *block)
{
	struct qcow2 *q = c->q;
	uint64_t n = 1ULL << q->refblock_bits, first = index << q->refblock_bits;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t cluster = first + i, stored = 0;

		if (cluster < c->window || cluster >= c->window + c->n_counts)
			continue;
		if (block)
			stored = qcow2_refcount_decode(block, i, q->header.refcount_order);
		report(c, cluster, stored, c->counts[cluster - c->window]);
	}
	return 0;
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

static int refer_blocks(struct qcow2_checker *c, struct error **err)
{
	struct qcow2 *q = c->q;
	int r = 0;

	qcow2_refer(c, q->header.reftable_offset, q->header.reftable_clusters * q->cluster_size,
		    "refcount table");
	for (uint64_t i = 0; i < q->reftable_entries && r == 0; i++) {
		uint64_t block = 0;

		r = block_of(c, i, &block, err);
		if (r == 0 && block) {
			qcow2_refer(c, block, q->cluster_size, "refcount block");
			c->end = MAX(c->end, (i + 1) << q->refblock_bits);
		}
	}
	return r;
}

static int compare_window(struct qcow2_checker *c, struct error **err)
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
			r = compare_block(c, index, block ? c->block : NULL);
	}
	return r;
}

static int refer_all(struct qcow2_checker *c, struct error **err)
{
	int r;

	c->budget = MIN(c->q->file->size, UINT64_MAX / SHARED) * SHARED;
	qcow2_refer(c, 0, c->q->cluster_size, "header");
	r = refer_blocks(c, err);
	if (r == 0)
		r = qcow2_check_l1(c, c->q->header.l1_offset, c->q->header.l1_entries, true, err);
	if (r == 0)
		r = qcow2_check_snapshots(c, err);
	if (r == 0)
		r = qcow2_check_bitmaps(c, err);
	return r;
}

/* Whether a window has anything to compare, so that a hostile table cannot make for many. */
static bool has_blocks(struct qcow2_checker *c)
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

int qcow2_check(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	struct qcow2_checker c = { .q = q, .findings = &image->findings, .first_pass = true };
	int r = qcow2_flush(image, err);

	/* refcounts are known not to be valid: nothing to compare with */
	if (r < 0 || q->header.incompatible & QCOW2_INCOMPAT_DIRTY)
		return r;
	c.n_counts = (q->file->size >> q->header.cluster_bits) + 1;
	c.n_counts = MIN(WINDOW, MAX(c.n_counts, 1ULL << q->refblock_bits));
	c.counts = malloc(c.n_counts * sizeof(*c.counts));
	c.block = malloc(q->cluster_size);
	c.table = malloc(q->cluster_size);
	if (!c.counts || !c.block || !c.table)
		r = error_sys(err, ENOMEM, "check '%s'", q->file->name);
	do {
		if (r < 0)
			break;
		if (c.first_pass || has_blocks(&c)) {
			memset(c.counts, 0, c.n_counts * sizeof(*c.counts));
			r = refer_all(&c, err);
			if (r == 0 && !c.gave_up)
				r = compare_window(&c, err);
			c.first_pass = false;
		}
		c.window += c.n_counts;
	} while (r == 0 && !c.gave_up && c.window < c.end);
	free(c.counts);
	free(c.block);
	free(c.table);
	return r;
}
