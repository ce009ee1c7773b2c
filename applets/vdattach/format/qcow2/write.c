// SPDX-License-Identifier: GPL-2.0-or-later
/* Guest writes that need more than a write in place, and the flush that makes them durable. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/qcow2/qcow2.h"

static void drop_later(struct qcow2 *q, uint64_t offset, uint64_t length)
{
	uint32_t bits = q->header.cluster_bits;
	uint64_t first = offset >> bits, last = (offset + length - 1) >> bits;

	q->drops[q->n_drops++] = (struct qcow2_drop){ first, last - first + 1 };
}

/* Room for one more cluster's worth of changes, in every kind of table. */
static int make_room(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);

	if (blockmap_is_full(q->early) || blockmap_is_full(q->reftable) ||
	    blockmap_is_full(q->map) || q->n_drops + 8 > QCOW2_MAX_DROPS)
		return qcow2_flush(image, err);
	return 0;
}

static int copy_l2(struct qcow2 *q, uint64_t from, uint64_t to, struct error **err)
{
	int r = blockmap_read(qcow2_l2_map(q, from), from, q->cluster, q->cluster_size, err);

	return r < 0 ? r : source_pwrite(q->file, q->cluster, q->cluster_size, to, err);
}

/* The L2 table for offset: made where there is none, copied where a snapshot has it too. */
static int own_l2(struct qcow2 *q, uint64_t offset, uint64_t *ret, struct error **err)
{
	uint64_t index = offset >> (q->header.cluster_bits + q->l2_bits), value = 0, old, fresh = 0;
	int r = qcow2_l1_get(q, offset, &value, err);

	if (r < 0)
		return r;
	old = value & QCOW2_OFFSET_MASK;
	if (old && value & QCOW2_COPIED) {
		*ret = old;
		return 0;
	}
	r = qcow2_allocate(q, &fresh, err);
	if (r < 0)
		return r;
	r = qcow2_metadata_add(q, fresh >> q->header.cluster_bits, 1, true, err);
	if (r == 0 && old)
		r = copy_l2(q, old, fresh, err);
	if (r == 0)
		r = blockmap_put_be64(q->map, q->header.l1_offset, index, fresh | QCOW2_COPIED,
				      err);
	if (r < 0) {
		qcow2_metadata_remove(q, fresh >> q->header.cluster_bits);
		qcow2_unallocate(q, fresh);
		return r;
	}
	if (old)
		drop_later(q, old, q->cluster_size);
	*ret = fresh;
	return 0;
}

/* What the guest sees in the cluster that starts at start now, into q->cluster. */
static int read_old(struct vd_image *image, const struct qcow2_entry *entry, uint64_t start,
		    struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint64_t n = MIN(q->cluster_size, image->size - start);

	memset(q->cluster, 0, q->cluster_size);
	switch (entry->kind) {
	case QCOW2_UNALLOCATED:
		return image->parent ? vd_parent_pread(image, q->cluster, n, start, err) : 0;
	case QCOW2_NORMAL:
	case QCOW2_COMPRESSED_DATA:
		return qcow2_pread(image, q->cluster, q->cluster_size, start, err);
	case QCOW2_PLAIN_ZERO:
	case QCOW2_ZERO_ALLOCATED:
		break;
	}
	return 0;
}

int qcow2_put_data(struct qcow2 *q, const void *buf, size_t n, uint64_t offset, struct error **err)
{
	int r = 0;

	if (q->data_file && offset + n > q->data->size)
		r = source_resize(q->data, offset + n, err);
	return r < 0 ? r : source_pwrite(q->data, buf, n, offset, err);
}

uint64_t qcow2_cluster_end(const struct vd_image *image, uint64_t offset)
{
	const struct qcow2 *q = qcow2_of(image);
	uint64_t start = offset & ~(q->cluster_size - 1);

	return q->data_file ? MIN(q->cluster_size, image->size - start) : q->cluster_size;
}

/*
 * A fresh cluster reads as zeros: if the old contents do so too, they need not be written. In a
 * data file anything may lie in its place.
 */
static int write_cluster(struct vd_image *image, const struct qcow2_target *t, const void *buf,
			 size_t n, uint64_t offset, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint64_t within = offset & (q->cluster_size - 1);
	bool rest_is_zero = (t->entry.kind == QCOW2_UNALLOCATED && !image->parent) ||
			    t->entry.kind == QCOW2_PLAIN_ZERO ||
			    t->entry.kind == QCOW2_ZERO_ALLOCATED;
	int r;

	if (n == q->cluster_size || (rest_is_zero && !q->data_file))
		return qcow2_put_data(q, buf, n, t->offset + within, err);
	r = read_old(image, &t->entry, offset - within, err);
	if (r < 0)
		return r;
	memcpy(q->cluster + within, buf, n);
	return qcow2_put_data(q, q->cluster, qcow2_cluster_end(image, offset), t->offset, err);
}

int qcow2_set_entry(struct qcow2 *q, uint64_t table, uint64_t offset, uint64_t value,
		    uint64_t bitmap, struct error **err)
{
	uint8_t b[16];

	put_be64(b, value);
	put_be64(b + 8, bitmap);
	return blockmap_write(qcow2_l2_map(q, table),
			      table + qcow2_l2_index(q, offset) * q->l2_entry_size, b,
			      q->l2_entry_size, err);
}

/* A cluster that is ours already: the file may still end inside it. */
static int write_in_place(struct qcow2 *q, const struct qcow2_entry *entry, const void *buf,
			  size_t n, uint64_t offset, struct error **err)
{
	uint64_t end = entry->offset + q->cluster_size;
	int r = 0;

	if (!q->data_file && end > q->file->size && end <= q->tail.end)
		r = source_resize(q->file, end, err);
	if (r < 0)
		return r;
	return qcow2_put_data(q, buf, n, entry->offset + (offset & (q->cluster_size - 1)), err);
}

/* Clusters of a data file have no refcounts. */
static void drop_old(struct qcow2 *q, const struct qcow2_entry *old)
{
	if (q->data_file)
		return;
	if (old->kind == QCOW2_COMPRESSED_DATA)
		drop_later(q, old->offset, old->length);
	else if (old->offset)
		drop_later(q, old->offset, q->cluster_size);
}

/* In a data file the guest's clusters lie where they are on the disk, as qemu has them. */
static int take_cluster(struct qcow2 *q, struct qcow2_target *t, uint64_t offset,
			struct error **err)
{
	if (!q->data_file)
		return qcow2_allocate_data(q, &t->offset, err);
	t->offset = offset & ~(q->cluster_size - 1);
	return 0;
}

static int replace(struct vd_image *image, struct qcow2_target *t, const void *buf, size_t n,
		   uint64_t offset, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint64_t bitmap = UINT32_MAX;
	int r = take_cluster(q, t, offset, err);

	if (r < 0)
		return r;
	if (q->l2_entry_size == 16 && t->entry.kind != QCOW2_COMPRESSED_DATA)
		r = qcow2_write_subclusters(image, t, buf, n, offset, &bitmap, err);
	else
		r = write_cluster(image, t, buf, n, offset, err);
	if (r == 0)
		r = qcow2_set_entry(q, t->table, offset, t->offset | QCOW2_COPIED, bitmap, err);
	if (r == 0)
		drop_old(q, &t->entry);
	else if (!q->data_file)
		qcow2_unallocate(q, t->offset);
	return r;
}

/* Subclusters of a cluster that is ours, which have no data yet. */
static int fill_in(struct vd_image *image, struct qcow2_target *t, const void *buf, size_t n,
		   uint64_t offset, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint64_t bitmap = 0;
	int r;

	t->offset = t->entry.offset;
	r = qcow2_write_subclusters(image, t, buf, n, offset, &bitmap, err);
	return r < 0 ? r
		     : qcow2_set_entry(q, t->table, offset, t->offset | QCOW2_COPIED, bitmap, err);
}

/* No entry makes a guest write, or free, what the image itself consists of. */
static int guard_metadata(struct qcow2 *q, const struct qcow2_entry *entry, uint64_t offset,
			  struct error **err)
{
	uint64_t n = entry->kind == QCOW2_COMPRESSED_DATA ? entry->length : q->cluster_size;

	if (entry->kind == QCOW2_UNALLOCATED || entry->kind == QCOW2_PLAIN_ZERO || q->data_file ||
	    !qcow2_metadata_has(q, entry->offset, n))
		return 0;
	return error_make(err, EIO,
			  "%s: qcow2: damaged: guest offset %" PRIu64 " is at offset %" PRIu64
			  ", where the image's own tables lie: run qemu-img check -r all",
			  q->file->name, offset, entry->offset);
}

/* Reads the entry for a change, in a table that is ours alone. */
static int qcow2_target(struct vd_image *image, uint64_t offset, struct qcow2_target *t,
			struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	int r = make_room(image, err);

	if (r == 0)
		r = own_l2(q, offset, &t->table, err);
	if (r == 0)
		r = qcow2_l2_get(q, t->table, offset, &t->entry, err);
	return r < 0 ? r : guard_metadata(q, &t->entry, offset, err);
}

/* n bytes inside one cluster. */
static int write_one(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		     struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	struct qcow2_target t = { .table = 0 };
	int r = qcow2_target(image, offset, &t, err);

	if (r < 0)
		return r;
	if (t.entry.kind != QCOW2_NORMAL || !t.entry.copied)
		return replace(image, &t, buf, n, offset, err);
	if (q->l2_entry_size == 16)
		return fill_in(image, &t, buf, n, offset, err);
	return write_in_place(q, &t.entry, buf, n, offset, err);
}

int qcow2_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		 struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	const uint8_t *p = buf;
	int r = 0;

	while (n > 0 && r == 0) {
		uint64_t rest = q->cluster_size - (offset & (q->cluster_size - 1));
		size_t part = (size_t)MIN(rest, (uint64_t)n);

		r = write_one(image, p, part, offset, err);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

/* Of a data file whose bytes are the disk's, these are zeroed there. */
static bool may_mark(const struct qcow2 *q)
{
	return q->header.version >= 3 &&
	       !(q->data_file && q->header.autoclear & QCOW2_AUTOCLEAR_RAW);
}

int qcow2_zero_block(struct vd_image *image, uint64_t offset, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	struct qcow2_target t = { .table = 0 };
	bool extended = q->l2_entry_size == 16;
	int r;

	if (!may_mark(q))
		return -EOPNOTSUPP;
	r = qcow2_target(image, offset, &t, err);
	if (r < 0)
		return r;
	if (t.entry.kind == QCOW2_NORMAL && t.entry.copied && (!extended || t.entry.allocated))
		return -EOPNOTSUPP;
	r = qcow2_set_entry(q, t.table, offset, extended ? 0 : QCOW2_ZERO,
			    (uint64_t)UINT32_MAX << QCOW2_SUBCLUSTERS, err);
	if (r == 0)
		drop_old(q, &t.entry);
	return r;
}

/* Refcount table and header: only after the blocks that they name, only before what is counted. */
static int flush_reftable(struct qcow2 *q, struct error **err)
{
	int r;

	if (!blockmap_is_dirty(q->reftable) && !blockmap_is_dirty(q->head))
		return 0;
	r = blockmap_write_back(q->reftable, err);
	if (r == 0)
		r = source_flush(q->file, err);
	/* a switch of the table, with all that is in the new one durable */
	if (r == 0 && blockmap_is_dirty(q->head)) {
		r = blockmap_write_back(q->head, err);
		if (r == 0)
			r = source_flush(q->file, err);
	}
	return r;
}

/* What the new mapping does not refer to any more. Written now, durable some time later. */
static int apply_drops(struct qcow2 *q, struct error **err)
{
	int r = 0;

	while (q->n_drops > 0 && r == 0) {
		const struct qcow2_drop *drop = q->drops + q->n_drops - 1;

		if (blockmap_is_full(q->early))
			r = blockmap_write_back(q->early, err);
		if (r == 0)
			r = qcow2_refcount_drop(q, drop->cluster, drop->n, err);
		if (r == 0)
			q->n_drops--;
	}
	return r < 0 ? r : blockmap_write_back(q->early, err);
}

int qcow2_flush(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	int r = 0;

	if (!q->may_write)
		return 0;
	if (blockmap_is_dirty(q->early))
		r = blockmap_write_back(q->early, err);
	if (r == 0 && q->data_file)
		r = source_flush(q->data_file, err);
	if (r == 0)
		r = source_flush(q->file, err);
	if (r == 0)
		r = flush_reftable(q, err);
	if (r == 0 && blockmap_is_dirty(q->map)) {
		r = blockmap_write_back(q->map, err);
		if (r == 0)
			r = source_flush(q->file, err);
	}
	if (r < 0)
		return r;
	q->epoch_end = q->tail.end;
	return q->n_drops ? apply_drops(q, err) : 0;
}
