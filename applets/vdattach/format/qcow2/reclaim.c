// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Space that was taken and never became part of the image: a process that was killed, or a power
 * cut, leaves clusters with a refcount that nothing refers to, and others behind the last one that
 * has a refcount. Both are used again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "applets/vdattach/format/qcow2/check.h"

/* Counters, and those of them for clusters behind the end. */
#define WINDOW (1ULL << 20)
#define BEHIND (WINDOW / 4)
/* L2 tables to read in bytes: a look each time, and where the end of the file tells of a cut. */
#define MOST	     (32 * MIB)
#define MOST_UNCLEAN (256 * MIB)
/* and no references */
#define FREED (QCOW2_COUNT_ACTIVE | (QCOW2_USE_ALONE << QCOW2_COUNT_USE))

bool qcow2_spare_take(struct qcow2_spare *spare, uint64_t *ret)
{
	for (; spare->at < spare->n; spare->at++) {
		uint8_t *byte = spare->bits + spare->at / 8, bit = (uint8_t)(1U << spare->at % 8);

		if (!(*byte & bit))
			continue;
		*byte &= (uint8_t)~bit;
		*ret = spare->first + spare->at;
		return true;
	}
	return false;
}

bool qcow2_spare_put(struct qcow2_spare *spare, uint64_t cluster)
{
	uint64_t i = cluster - spare->first;

	if (cluster < spare->first || i >= spare->n)
		return false;
	spare->bits[i / 8] |= (uint8_t)(1U << i % 8);
	spare->at = MIN(spare->at, i);
	return true;
}

/* An upper bound for what there is to read is not too much. Snapshots count by the budget. */
static bool is_short(struct qcow2 *q, uint64_t bytes)
{
	uint64_t most = bytes >> q->header.cluster_bits, n = 0, value = 0;

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
		*count = FREED;
	return qcow2_correct(c, cluster, found, err);
}

/* Their refcounts are zero on the disk. */
static void punch_freed(struct qcow2_checker *c)
{
	struct source *file = c->q->file;
	uint64_t size = c->q->cluster_size, n;

	for (uint64_t i = 0; i < c->n_counts; i += n) {
		uint64_t offset = (c->window + i) * size;
		int r _unused_;

		for (n = 0; i + n < c->n_counts && c->counts[i + n] == FREED;)
			n++;
		if (n && offset < file->size)
			r = source_discard(file, MIN(n * size, file->size - offset), offset, NULL);
		n += n == 0;
	}
}

static int free_leaks(struct qcow2_checker *c)
{
	int r;

	c->differs = free_leak;
	r = qcow2_compare(c, NULL);
	if (r == 0)
		r = qcow2_flush(c->image, NULL);
	if (r == 0)
		punch_freed(c);
	return r;
}

void qcow2_cut(struct qcow2 *q, uint64_t used)
{
	uint64_t end = used * q->cluster_size;
	int r _unused_;

	q->tail.end = q->epoch_end = end;
	if (q->file->size > end)
		r = source_resize(q->file, end, NULL);
}

/* What has no reference in the window is spare, up to the last cluster in use. */
static void find_spare(struct qcow2_checker *c)
{
	struct qcow2 *q = c->q;
	uint64_t n = MIN(c->n_counts, c->used > c->window ? c->used - c->window : 0);

	free(q->spare.bits);
	q->spare = (struct qcow2_spare){ .bits = calloc(1, n / 8 + 1), .first = c->window };
	if (!q->spare.bits)
		return;
	q->spare.n = q->spare.at = n;
	for (uint64_t i = 0; i < n; i++)
		if (c->counts[i] == 0 || c->counts[i] == FREED)
			qcow2_spare_put(&q->spare, c->window + i);
}

static void reclaim_window(struct qcow2_checker *c)
{
	struct qcow2 *q = c->q;
	uint64_t behind = q->tail.end;
	int r = qcow2_refer_all(c, NULL);

	c->differs = count_leak;
	if (r == 0 && !c->gave_up)
		r = qcow2_compare(c, NULL);
	if (r < 0 || c->gave_up || c->findings->count[FINDING_ERROR])
		return;
	/* nothing on the disk refers to them either */
	r = source_flush(q->file, NULL);
	if (r == 0 && c->changed)
		r = free_leaks(c);
	/* freeing may have needed a new block of refcounts */
	if (r < 0 || q->tail.end != behind)
		return;
	find_spare(c);
	qcow2_cut(q, c->used);
}

/* The last cluster of a file that was closed properly has a refcount. */
static bool ends_in_use(struct qcow2 *q)
{
	uint64_t count = 0, behind = q->tail.end >> q->header.cluster_bits;

	return behind == 0 || qcow2_refcount_get(q, behind - 1, &count, NULL) < 0 || count > 0;
}

/* Bitmaps of which nobody knows whether they are valid have clusters of which nobody knows either.
 */
static bool is_known(const struct qcow2 *q)
{
	bool bitmaps = q->bitmaps.n && !(q->header.autoclear & QCOW2_AUTOCLEAR_BITMAPS);

	return !q->foreign && !bitmaps;
}

void qcow2_reclaim(struct vd_image *image)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	_cleanup_checker_ struct qcow2_checker c = { .q = NULL };
	struct qcow2 *q = qcow2_of(image);
	uint64_t behind = q->tail.end >> q->header.cluster_bits, first;
	uint64_t end = q->reftable_entries << q->refblock_bits;
	uint64_t most = ends_in_use(q) ? MOST : MOST_UNCLEAN;

	if (!is_known(q) || !is_short(q, most))
		return;
	first = behind - MIN(behind, WINDOW - BEHIND);
	end = MIN(MAX(end, behind), first + WINDOW);
	if (first == end || qcow2_checker_init(&c, image, &findings, end - first, NULL) < 0)
		return;
	c.first_pass = true;
	c.window = first;
	c.most = most;
	reclaim_window(&c);
}
