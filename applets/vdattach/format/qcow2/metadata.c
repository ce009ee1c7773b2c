// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which clusters a guest must never write, whatever an L2 entry says: those of the header and of
 * all tables. Found by walking the tables that name tables, so that the time that it takes is not
 * that of the data; each write then looks its cluster up, as qemu's overlap checks do.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/check.h"

#define COMPACT 4096u /* runs */

static int make_room(struct qcow2 *q, struct error **err)
{
	struct qcow2_metadata *m = &q->metadata;
	size_t room = m->n_room ? 2 * m->n_room : 64;
	struct qcow2_run *runs;

	if (m->n_runs < m->n_room)
		return 0;
	runs = reallocarray(m->runs, room, sizeof(*runs));
	if (!runs)
		return error_sys(err, ENOMEM, "cannot write '%s'", q->file->name);
	m->runs = runs;
	m->n_room = room;
	return 0;
}

int qcow2_metadata_add(struct qcow2 *q, uint64_t first, uint64_t n, bool shared, struct error **err)
{
	struct qcow2_metadata *m = &q->metadata;
	size_t at = m->n_runs;
	int r = make_room(q, err);

	if (r < 0)
		return r;
	/* not far: new tables lie at the end of the file */
	while (at > 0 && m->runs[at - 1].first > first)
		at--;
	memmove(m->runs + at + 1, m->runs + at, (m->n_runs - at) * sizeof(*m->runs));
	m->runs[at] = (struct qcow2_run){ first, n, shared };
	m->n_runs++;
	return 0;
}

void qcow2_metadata_remove(struct qcow2 *q, uint64_t cluster)
{
	struct qcow2_metadata *m = &q->metadata;

	if (m->n_runs && m->runs[m->n_runs - 1].first == cluster)
		m->n_runs--;
}

bool qcow2_metadata_has(const struct qcow2 *q, uint64_t offset, uint64_t length)
{
	const struct qcow2_metadata *m = &q->metadata;
	uint64_t first = offset >> q->header.cluster_bits;
	uint64_t end = ((offset + length - 1) >> q->header.cluster_bits) + 1;
	size_t low = 0, high = m->n_runs;

	/* runs do not overlap: of those that begin before end, the last one ends last */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->runs[middle].first < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && m->runs[low - 1].first + m->runs[low - 1].n > first;
}

static int compare_runs(const void *a, const void *b)
{
	const struct qcow2_run *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static int refuse_damaged(const struct qcow2 *q, const char *what, struct error **err)
{
	return error_make(err, EROFS,
			  "%s: qcow2: damaged: %s: run qemu-img check -r all, or attach it "
			  "read-only (-r)",
			  q->file->name, what);
}

/* Sorts the runs; of a table that snapshots share, one is left. */
static int sort(struct qcow2 *q, struct error **err)
{
	struct qcow2_metadata *m = &q->metadata;
	size_t n = 0;

	if (m->n_runs)
		qsort(m->runs, m->n_runs, sizeof(*m->runs), compare_runs);
	for (size_t i = 0; i < m->n_runs; i++) {
		const struct qcow2_run *last = m->runs + n - 1, *run = m->runs + i;

		if (n == 0 || last->first + last->n <= run->first)
			m->runs[n++] = *run;
		else if (!last->shared || !run->shared)
			return refuse_damaged(q, "two of its tables lie in the same place", err);
	}
	m->n_runs = n;
	return 0;
}

/* Tables that snapshots share are named over and over, but there are no more than clusters. */
static int append(struct qcow2_checker *c, uint64_t first, uint64_t n, enum qcow2_use use)
{
	struct qcow2_metadata *m = &c->q->metadata;
	int r = 0;

	if (m->n_runs == m->n_room && m->n_runs >= COMPACT)
		r = sort(c->q, NULL);
	if (r == 0 && (m->n_runs < COMPACT || m->n_runs > m->n_room / 2))
		r = make_room(c->q, NULL);
	if (r == 0)
		m->runs[m->n_runs++] = (struct qcow2_run){ first, n, use == QCOW2_USE_TABLE };
	return r;
}

int qcow2_metadata_read(struct vd_image *image, struct error **err)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	struct qcow2 *q = qcow2_of(image);
	struct qcow2_checker c = { .image = image,
				   .q = q,
				   .findings = &findings,
				   .most = q->file->size,
				   .copied = QCOW2_COPIED_IGNORE,
				   .tables_only = true,
				   .refers = append };
	int r;

	q->metadata.n_runs = 0;
	r = qcow2_refer_all(&c, err);
	if (r < 0)
		return r;
	if (c.gave_up)
		return refuse_damaged(q, "more tables than the file can hold", err);
	if (c.failed && c.failed != -EROFS)
		return error_sys(err, -c.failed, "cannot write '%s'", q->file->name);
	return sort(q, err);
}
