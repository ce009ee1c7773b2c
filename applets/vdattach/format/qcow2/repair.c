// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Refcounts are made from the mapping where they are known to be wrong, or higher than need be.
 *
 * An image with the dirty bit has any refcounts, but a sound mapping. A power cut in the middle of
 * a repair leaves one like it: existing refcounts are changed in place, and what is made new lies
 * behind the end of the file. The bit goes last, after a walk that found nothing more to mend.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/check.h"

#define MAX_PASSES 6u /* the second has nothing more to do but for what the first has made */

/* Of reclaim: counters, those of them for clusters behind the end, L2 tables to read in bytes. */
#define RECLAIM_WINDOW (1ULL << 20)
#define RECLAIM_BEHIND (RECLAIM_WINDOW / 4)
#define RECLAIM_MOST   (32 * MIB)
#define RECLAIM_FREED \
	(QCOW2_COUNT_ACTIVE | (QCOW2_USE_ALONE << QCOW2_COUNT_USE)) /* and no references */

static uint64_t first_behind(const struct qcow2 *q)
{
	return q->tail.end >> q->header.cluster_bits;
}

/* Changes one refcount; before that a flush where the changes do not fit in memory. */
static int mend(struct qcow2_checker *c, uint64_t cluster, uint64_t value, struct error **err)
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
	return mend(c, cluster, found, err);
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
	return mend(c, cluster, 0, err);
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
	if (r == 0)
		r = clear_dirty(q, err);
	if (r == 0)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: qcow2: was not closed properly: repaired, %" PRIu64
			     " refcounts or flags were wrong",
			     q->file->name, changed);
	return r;
}

/* An upper bound for what there is to read is not too much. Snapshots count by the budget. */
static bool is_short(struct qcow2 *q)
{
	uint64_t most = RECLAIM_MOST >> q->header.cluster_bits, n = 0, value = 0;

	for (uint64_t i = 0; q->header.l1_entries > most && i < q->header.l1_entries; i++) {
		if (blockmap_get_be64(q->map, q->header.l1_offset, i, &value, NULL) < 0)
			return false;
		n += value & QCOW2_OFFSET_MASK ? 1 : 0;
		if (n > most)
			return false;
	}
	return true;
}

/*
 * Of a shared cluster one reference is lost: whose flag tells that it is not shared may not be
 * left with a refcount of 1.
 */
static bool is_leak(uint64_t stored, uint16_t count)
{
	uint64_t found = count & QCOW2_COUNT_MASK;

	return stored > found && (found == 0 || !(count & QCOW2_COUNT_ACTIVE));
}

static int count_leak(struct qcow2_checker *c, uint64_t cluster, uint64_t stored, uint16_t *count,
		      struct error **err)
{
	(void)err;
	if (stored < (*count & QCOW2_COUNT_MASK))
		findings_add(c->findings, FINDING_ERROR, "refcount of cluster %" PRIu64, cluster);
	else if (is_leak(stored, *count))
		c->changed++;
	return 0;
}

static int free_leak(struct qcow2_checker *c, uint64_t cluster, uint64_t stored, uint16_t *count,
		     struct error **err)
{
	uint64_t found = *count & QCOW2_COUNT_MASK;

	if (!is_leak(stored, *count))
		return 0;
	if (found == 0)
		*count = RECLAIM_FREED;
	return mend(c, cluster, found, err);
}

/* Their refcounts are zero on the disk, and this process never uses them again. */
static void punch_freed(struct qcow2_checker *c)
{
	struct source *file = c->q->file;
	uint64_t size = c->q->cluster_size, n;

	for (uint64_t i = 0; i < c->n_counts; i += n) {
		uint64_t offset = (c->window + i) * size;
		int r _unused_;

		for (n = 0; i + n < c->n_counts && c->counts[i + n] == RECLAIM_FREED;)
			n++;
		if (n && offset < file->size)
			r = source_discard(file, MIN(n * size, file->size - offset), offset, NULL);
		n += n == 0;
	}
}

static void reclaim_window(struct qcow2_checker *c)
{
	int r = qcow2_refer_all(c, NULL);

	c->differs = count_leak;
	if (r == 0 && !c->gave_up)
		r = qcow2_compare(c, NULL);
	if (r < 0 || c->gave_up || c->findings->count[FINDING_ERROR] || c->changed == 0)
		return;
	/* nothing on the disk refers to them either */
	r = source_flush(c->q->file, NULL);
	c->differs = free_leak;
	if (r == 0)
		r = qcow2_compare(c, NULL);
	if (r == 0)
		r = qcow2_flush(c->image, NULL);
	if (r == 0)
		punch_freed(c);
}

void qcow2_reclaim(struct vd_image *image)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	_cleanup_checker_ struct qcow2_checker c = { .q = NULL };
	struct qcow2 *q = qcow2_of(image);
	uint64_t behind = first_behind(q), first, end = q->reftable_entries << q->refblock_bits;

	if (q->foreign || q->bitmaps.n || q->data_file || !is_short(q))
		return;
	first = behind - MIN(behind, RECLAIM_WINDOW - RECLAIM_BEHIND);
	end = MIN(MAX(end, behind), first + RECLAIM_WINDOW);
	if (first == end || qcow2_checker_init(&c, image, &findings, end - first, NULL) < 0)
		return;
	c.first_pass = true;
	c.window = first;
	c.most = RECLAIM_MOST;
	reclaim_window(&c);
}
