// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Refcounts and allocation. Space is taken at the end of the file, or where nothing referred to it
 * when the file was opened, and never used again before the file is closed: so nothing that an
 * earlier state of the disk may still refer to is overwritten.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/qcow2.h"

/* Clusters at the end of the file that have a refcount though nothing is there yet. */
#define MAX_SKIP 65536u

uint64_t qcow2_refcount_decode(const uint8_t *block, uint64_t index, uint32_t order)
{
	switch (order) {
	case 3:
		return block[index];
	case 4:
		return get_be16(block + index * 2);
	case 5:
		return get_be32(block + index * 4);
	case 6:
		return get_be64(block + index * 8);
	default: {
		uint64_t bit = index << order;

		return block[bit / 8] >> (bit % 8) & ((1U << (1U << order)) - 1);
	}
	}
}

static void encode(uint8_t *entry, uint64_t index, uint32_t order, uint64_t value)
{
	uint32_t shift, mask;

	switch (order) {
	case 3:
		entry[0] = (uint8_t)value;
		return;
	case 4:
		put_be16(entry, (uint16_t)value);
		return;
	case 5:
		put_be32(entry, (uint32_t)value);
		return;
	case 6:
		put_be64(entry, value);
		return;
	default:
		shift = (index << order) % 8;
		mask = ((1U << (1U << order)) - 1) << shift;
		entry[0] = (uint8_t)((entry[0] & ~mask) | (value << shift & mask));
	}
}

/* Where the refcount block for a cluster is, 0 for none. */
static int find_block(struct qcow2 *q, uint64_t cluster, uint64_t *ret, struct error **err)
{
	uint64_t index = cluster >> q->refblock_bits, value = 0;
	int r;

	*ret = 0;
	if (index >= q->reftable_entries)
		return 0;
	r = blockmap_get_be64(q->reftable, q->header.reftable_offset, index, &value, err);
	if (r < 0)
		return r;
	value &= ~511ULL;
	if (value & (q->cluster_size - 1) || value >= q->file->size ||
	    q->cluster_size > q->file->size - value)
		return error_make(err, EINVAL,
				  "%s: qcow2 refcount table entry %" PRIu64
				  ": block at offset %" PRIu64 " is not inside the file",
				  q->file->name, index, value);
	*ret = value;
	return 0;
}

/* The bytes that hold one refcount, and where they are. */
static size_t entry_place(const struct qcow2 *q, uint64_t block, uint64_t cluster,
			  uint64_t *ret_offset, uint64_t *ret_index)
{
	uint32_t order = q->header.refcount_order;

	*ret_index = cluster & ((1ULL << q->refblock_bits) - 1);
	*ret_offset = block + ((*ret_index << order) >> 3);
	return order < 3 ? 1 : (size_t)1 << (order - 3);
}

int qcow2_refcount_get(struct qcow2 *q, uint64_t cluster, uint64_t *ret, struct error **err)
{
	uint64_t block = 0, offset, index;
	uint32_t order = q->header.refcount_order;
	uint8_t entry[8];
	size_t n;
	int r;

	*ret = 0;
	r = find_block(q, cluster, &block, err);
	if (r < 0 || block == 0)
		return r;
	n = entry_place(q, block, cluster, &offset, &index);
	r = blockmap_read(q->early, offset, entry, n, err);
	/* narrow refcounts share a byte: only the place in the byte is left of the index */
	if (r == 0)
		*ret = qcow2_refcount_decode(entry, order < 3 ? index % (8U >> order) : 0, order);
	return r;
}

static int put_refcount(struct qcow2 *q, uint64_t block, uint64_t cluster, uint64_t value,
			struct error **err)
{
	uint64_t offset, index;
	uint8_t entry[8] = { 0 };
	size_t n = entry_place(q, block, cluster, &offset, &index);
	int r = blockmap_read(q->early, offset, entry, n, err);

	if (r < 0)
		return r;
	encode(entry, index, q->header.refcount_order, value);
	return blockmap_write(q->early, offset, entry, n, err);
}

/* n clusters at the end of the file, zeros, with no refcount yet. */
static int qcow2_take(struct qcow2 *q, uint64_t n, uint64_t *ret_offset, struct error **err)
{
	for (unsigned int i = 0; i < MAX_SKIP; i++) {
		uint64_t count = 0, first = q->tail.end >> q->header.cluster_bits;
		int r = 0;

		for (uint64_t k = 0; k < n && r == 0 && count == 0; k++)
			r = qcow2_refcount_get(q, first + k, &count, err);
		if (r < 0)
			return r;
		if (count == 0)
			return tail_grow(&q->tail, q->cluster_size, n * q->cluster_size, ret_offset,
					 err);
		q->tail.end += q->cluster_size;
	}
	return error_make(err, EIO,
			  "%s: qcow2: refcounts beyond the end of the file are damaged: run "
			  "qemu-img check -r all",
			  q->file->name);
}

/*
 * Makes the refcount block number index. Its own refcount is in itself or in
 * the next block, which then is made first: three levels at most, since a
 * block covers at least 64 clusters.
 */
static int make_block(struct qcow2 *q, uint64_t index, uint64_t *ret, struct error **err)
{
	uint64_t offset = 0, own;
	int r = qcow2_take(q, 1, &offset, err);

	if (r < 0)
		return r;
	own = offset >> q->header.cluster_bits;
	blockmap_forget(q->early, offset, q->cluster_size);
	if (own >> q->refblock_bits == index)
		r = put_refcount(q, offset, own, 1, err);
	else
		r = qcow2_refcount_set(q, own, 1, err);
	if (r == 0)
		r = qcow2_metadata_add(q, own, 1, false, err);
	if (r == 0)
		r = blockmap_put_be64(q->reftable, q->header.reftable_offset, index, offset, err);
	*ret = offset;
	return r;
}

static int copy_table(struct qcow2 *q, uint64_t to, struct error **err)
{
	uint64_t n = q->reftable_entries * 8;
	uint8_t b[512];
	int r = 0;

	for (uint64_t at = 0; at < n && r == 0; at += sizeof(b)) {
		r = blockmap_read(q->reftable, q->header.reftable_offset + at, b, sizeof(b), err);
		if (r == 0)
			r = source_pwrite(q->file, b, sizeof(b), to + at, err);
	}
	return r;
}

/* Names the new table, in memory until the flush. */
static int put_header(struct qcow2 *q, struct error **err)
{
	uint8_t b[12];

	put_be64(b, q->header.reftable_offset);
	put_be32(b + 8, q->header.reftable_clusters);
	/* other parts of the header are written directly */
	blockmap_forget(q->head, 0, VD_SECTOR);
	return blockmap_write(q->head, 48, b, sizeof(b), err);
}

/* A larger copy of the refcount table at the end of the file; flush makes it the valid one. */
static int grow_table(struct qcow2 *q, uint64_t index, struct error **err)
{
	uint64_t bytes = MAX(index + 1, q->reftable_entries) * 8, clusters, first, offset = 0;
	struct qcow2_header old = q->header;
	int r = 0;

	bytes += bytes / 2 + 8 * 16;
	clusters = (bytes + q->cluster_size - 1) >> q->header.cluster_bits;
	if (clusters * q->cluster_size > QCOW2_MAX_REFTABLE_BYTES || q->n_drops == QCOW2_MAX_DROPS)
		return error_make(err, ENOSPC,
				  "%s: qcow2: the refcount table cannot grow beyond %" PRIu64
				  " bytes",
				  q->file->name, (uint64_t)QCOW2_MAX_REFTABLE_BYTES);
	r = qcow2_take(q, clusters, &offset, err);
	if (r == 0)
		r = copy_table(q, offset, err);
	if (r < 0)
		return r;
	blockmap_forget(q->reftable, offset, clusters * q->cluster_size);
	q->header.reftable_offset = offset;
	q->header.reftable_clusters = (uint32_t)clusters;
	q->reftable_entries = clusters * q->cluster_size / 8;
	first = offset >> q->header.cluster_bits;
	r = qcow2_metadata_add(q, first, clusters, false, err);
	for (uint64_t i = 0; i < clusters && r == 0; i++)
		r = qcow2_refcount_set(q, first + i, 1, err);
	if (r == 0)
		r = put_header(q, err);
	if (r < 0) {
		q->header = old;
		q->reftable_entries = old.reftable_clusters * q->cluster_size / 8;
		return r;
	}
	q->drops[q->n_drops++] = (struct qcow2_drop){ old.reftable_offset >> q->header.cluster_bits,
						      old.reftable_clusters };
	return 0;
}

int qcow2_refcount_set(struct qcow2 *q, uint64_t cluster, uint64_t value, struct error **err)
{
	uint64_t index = cluster >> q->refblock_bits, block = 0;
	int r = 0;

	if (index >= q->reftable_entries)
		r = grow_table(q, index, err);
	if (r == 0)
		r = find_block(q, cluster, &block, err);
	if (r == 0 && block == 0)
		r = make_block(q, index, &block, err);
	/* making the block may have set it: the same value again does no harm */
	return r < 0 ? r : put_refcount(q, block, cluster, value, err);
}

int qcow2_refcount_drop(struct qcow2 *q, uint64_t cluster, uint64_t n, struct error **err)
{
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		uint64_t count = 0, block = 0;

		r = qcow2_refcount_get(q, cluster + i, &count, err);
		if (r == 0 && count > 0)
			r = find_block(q, cluster + i, &block, err);
		if (r == 0 && count > 0)
			r = put_refcount(q, block, cluster + i, count - 1, err);
	}
	return r;
}

int qcow2_allocate(struct qcow2 *q, uint64_t *ret_offset, struct error **err)
{
	uint64_t offset = 0, before = q->tail.end;
	int r = qcow2_take(q, 1, &offset, err);

	if (r < 0)
		return r;
	r = qcow2_refcount_set(q, offset >> q->header.cluster_bits, 1, err);
	if (r < 0) {
		if (q->tail.end == offset + q->cluster_size)
			tail_undo(&q->tail, before);
		return r;
	}
	blockmap_forget(q->early, offset, q->cluster_size);
	*ret_offset = offset;
	return 0;
}

int qcow2_allocate_data(struct qcow2 *q, uint64_t *ret_offset, struct error **err)
{
	uint64_t cluster = 0, offset;
	int r;

	if (!qcow2_spare_take(&q->spare, &cluster))
		return qcow2_allocate(q, ret_offset, err);
	offset = cluster << q->header.cluster_bits;
	r = source_write_zeroes(q->file, q->cluster_size, offset, err);
	if (r == 0)
		r = qcow2_refcount_set(q, cluster, 1, err);
	if (r < 0) {
		qcow2_spare_put(&q->spare, cluster);
		return r;
	}
	*ret_offset = offset;
	return 0;
}

void qcow2_unallocate(struct qcow2 *q, uint64_t offset)
{
	uint64_t cluster = offset >> q->header.cluster_bits;
	/* what cannot be undone is a leak until the next time */
	int r = qcow2_refcount_drop(q, cluster, 1, NULL);

	if (r < 0 || qcow2_spare_put(&q->spare, cluster))
		return;
	if (q->tail.end == offset + q->cluster_size)
		tail_undo(&q->tail, offset);
}
