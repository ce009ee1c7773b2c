// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Refcounts are made from the mapping where they are known to be wrong.
 *
 * An image with the dirty bit has any refcounts, but a sound mapping. A power cut in the middle of
 * a repair leaves one like it: existing refcounts are changed in place, and what is made new lies
 * behind the end of the file. The bit goes last, after a walk that found nothing more to repair.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/check.h"

#define MAX_PASSES 6u /* the second has nothing more to do but for what the first has made */

static uint64_t first_behind(const struct qcow2 *q)
{
	return q->tail.end >> q->header.cluster_bits;
}

int qcow2_correct(struct qcow2_checker *c, uint64_t cluster, uint64_t value, struct error **err)
{
	struct qcow2 *q = c->q;
	int r = 0;

	if (blockmap_is_full(q->early) || blockmap_is_full(q->reftable))
		r = qcow2_flush(c->image, err);
	if (r == 0)
		r = qcow2_refcount_set(q, cluster, value, err);
	c->changed++;
	return r;
}

static int repair_refcount(struct qcow2_checker *c, uint64_t cluster, uint64_t stored,
			   uint16_t *count, struct error **err)
{
	uint64_t found = *count & QCOW2_COUNT_MASK;
	uint32_t order = c->q->header.refcount_order;

	(void)stored;
	/* made in this pass, after its references were counted */
	if (cluster >= c->limit)
		return 0;
	if (found == QCOW2_COUNT_MASK || (order < 4 && found >= 1ULL << (1U << order)))
		return error_make(err, EROFS,
				  "%s: qcow2: the cluster at offset %" PRIu64
				  " has too many references: run qemu-img check -r all, or attach "
				  "it read-only (-r)",
				  c->q->file->name, cluster << c->q->header.cluster_bits);
	return qcow2_correct(c, cluster, found, err);
}

static int refuse(const struct qcow2_checker *c, struct error **err)
{
	const struct findings *findings = c->findings;

	return error_make(err, EROFS,
			  "%s: qcow2: not closed properly, and damaged: run qemu-img check -r all, "
			  "or attach it read-only (-r): %s",
			  c->q->file->name,
			  c->q->foreign ? "it has extensions that this version does not know"
			  : findings->n ? findings->items[0].text
					: "its refcounts did not converge");
}

static int repair_behind(struct qcow2_checker *c, uint64_t cluster, uint64_t stored,
			 uint16_t *count, struct error **err)
{
	(void)stored;
	(void)count;
	return qcow2_correct(c, cluster, 0, err);
}

/* Nothing refers to what is behind the end, where space is taken from now on. */
static int clear_behind(struct qcow2_checker *c, struct error **err)
{
	int r = 0;

	c->differs = repair_behind;
	memset(c->counts, 0, c->n_counts * sizeof(*c->counts));
	for (c->window = first_behind(c->q); c->window < c->end && r == 0; c->window += c->n_counts)
		r = qcow2_has_blocks(c) ? qcow2_compare(c, err) : 0;
	return r;
}

/* Until a walk finds nothing wrong with refcounts and flags. */
static int repair_all(struct qcow2_checker *c, uint64_t *ret_changed, struct error **err)
{
	int r = clear_behind(c, err);

	c->differs = repair_refcount;
	for (unsigned int pass = 0; pass < MAX_PASSES && r == 0; pass++) {
		*ret_changed += c->changed;
		r = qcow2_flush(c->image, err);
		if (r < 0 || (pass > 1 && c->changed == 0))
			return r;
		c->changed = 0;
		c->limit = first_behind(c->q);
		/* by refcounts that are right */
		c->copied = pass == 0 ? QCOW2_COPIED_IGNORE : QCOW2_COPIED_MEND;
		r = qcow2_walk(c, err);
		if (r == 0 && c->findings->count[FINDING_ERROR])
			break;
	}
	return r < 0 ? r : refuse(c, err);
}

/* All else is on the disk. */
static int clear_dirty(struct qcow2 *q, struct error **err)
{
	uint64_t bits = q->header.incompatible & ~QCOW2_INCOMPAT_DIRTY;
	uint8_t b[8];
	int r;

	put_be64(b, bits);
	r = source_pwrite(q->file, b, sizeof(b), 72, err);
	if (r == 0)
		r = source_flush(q->file, err);
	if (r == 0)
		q->header.incompatible = bits;
	blockmap_forget(q->head, 0, VD_SECTOR);
	return r;
}

int qcow2_repair(struct vd_image *image, struct error **err)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	_cleanup_checker_ struct qcow2_checker c = { .q = NULL };
	struct qcow2 *q = qcow2_of(image);
	uint64_t changed = 0;
	int r = qcow2_checker_init(&c, image, &findings, qcow2_window(q), err);

	/* what is read now is what a power cut leaves */
	if (r == 0)
		r = source_flush(q->file, err);
	c.copied = QCOW2_COPIED_IGNORE;
	if (r == 0)
		r = qcow2_walk(&c, err);
	if (r == 0 && (findings.count[FINDING_ERROR] || q->foreign))
		r = refuse(&c, err);
	if (r == 0)
		r = repair_all(&c, &changed, err);
	if (r == 0) {
		qcow2_cut(q, c.used);
		r = source_flush(q->file, err);
	}
	if (r == 0)
		r = clear_dirty(q, err);
	if (r == 0)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: qcow2: was not closed properly: repaired, %" PRIu64
			     " refcounts or flags were wrong",
			     q->file->name, changed);
	return r;
}
