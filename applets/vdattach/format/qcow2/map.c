// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/qcow2/qcow2.h"

/* Clusters are put together up to so many bytes, so that a small request pays for no more. */
#define ENOUGH (64 * KIB)

/* Offset and length as in the specification's "Compressed Clusters Descriptor". */
static void decode_compressed(const struct qcow2 *q, uint64_t value, struct qcow2_entry *ret)
{
	uint32_t x = 62 - (q->header.cluster_bits - 8);
	uint64_t sectors = ((value & ~(QCOW2_COPIED | QCOW2_COMPRESSED)) >> x) + 1;

	ret->kind = QCOW2_COMPRESSED_DATA;
	ret->copied = false;
	ret->offset = value & ((1ULL << x) - 1);
	ret->length = sectors * VD_SECTOR - (ret->offset & (VD_SECTOR - 1));
}

int qcow2_entry_decode(const struct qcow2 *q, uint64_t value, uint64_t bitmap,
		       struct qcow2_entry *ret, struct error **err)
{
	bool is_zero = q->l2_entry_size == 8 && q->header.version == 3 && value & QCOW2_ZERO;

	*ret = (struct qcow2_entry){ .copied = value & QCOW2_COPIED,
				     .offset = value & QCOW2_OFFSET_MASK,
				     .allocated = (uint32_t)bitmap,
				     .zero = (uint32_t)(bitmap >> 32) };
	if (value & QCOW2_COMPRESSED) {
		decode_compressed(q, value, ret);
		return 0;
	}
	if (ret->offset & (q->cluster_size - 1))
		return error_make(err, EINVAL,
				  "%s: qcow2 L2 entry %016" PRIx64
				  ": offset is not that of a cluster",
				  q->file->name, value);
	/* in a data file of its own, offset 0 is as good as any */
	if (ret->offset == 0 && !(q->data_file && ret->copied))
		ret->kind = is_zero ? QCOW2_PLAIN_ZERO : QCOW2_UNALLOCATED;
	else
		ret->kind = is_zero ? QCOW2_ZERO_ALLOCATED : QCOW2_NORMAL;
	if (q->l2_entry_size == 16 && ret->kind == QCOW2_UNALLOCATED && ret->allocated)
		return error_make(err, EINVAL,
				  "%s: qcow2 L2 entry %016" PRIx64
				  ": subclusters without a cluster",
				  q->file->name, value);
	return 0;
}

int qcow2_l1_get(struct qcow2 *q, uint64_t offset, uint64_t *ret, struct error **err)
{
	uint64_t index = offset >> (q->header.cluster_bits + q->l2_bits), value = 0, table;
	int r = blockmap_get_be64(q->map, q->header.l1_offset, index, &value, err);

	if (r < 0)
		return r;
	table = value & QCOW2_OFFSET_MASK;
	if (table & (q->cluster_size - 1) ||
	    (table && (table > q->file->size || q->cluster_size > q->file->size - table)))
		return error_make(err, EINVAL,
				  "%s: qcow2 L1 entry %" PRIu64 ": L2 table at offset %" PRIu64
				  " is not inside the file",
				  q->file->name, index, table);
	*ret = value;
	return 0;
}

uint64_t qcow2_l2_index(const struct qcow2 *q, uint64_t offset)
{
	return (offset >> q->header.cluster_bits) & ((1ULL << q->l2_bits) - 1);
}

struct blockmap *qcow2_l2_map(const struct qcow2 *q, uint64_t l2_offset)
{
	return l2_offset >= q->epoch_end ? q->early : q->map;
}

int qcow2_l2_get(struct qcow2 *q, uint64_t l2_offset, uint64_t offset, struct qcow2_entry *ret,
		 struct error **err)
{
	uint8_t b[16] = { 0 };
	uint64_t at = l2_offset + qcow2_l2_index(q, offset) * q->l2_entry_size;
	int r = blockmap_read(qcow2_l2_map(q, l2_offset), at, b, q->l2_entry_size, err);

	if (r < 0)
		return r;
	r = qcow2_entry_decode(q, get_be64(b), get_be64(b + 8), ret, err);
	if (r < 0)
		return error_wrap(err, "L2 table at offset %" PRIu64, l2_offset);
	return 0;
}

/* What one subcluster is, and for how many subclusters; a normal cluster is a single one. */
static void qcow2_describe(const struct qcow2 *q, const struct qcow2_entry *entry, uint64_t within,
			   struct vd_extent *ret)
{
	uint64_t unit = q->cluster_size / QCOW2_SUBCLUSTERS, end;
	uint32_t i = (uint32_t)(within / unit), bit = 1U << i;

	*ret = (struct vd_extent){ .length = q->cluster_size - within };
	if (entry->kind == QCOW2_COMPRESSED_DATA) {
		ret->kind = VD_EXTENT_ENCODED;
		return;
	}
	if (q->l2_entry_size == 8) {
		ret->kind = entry->kind == QCOW2_NORMAL	       ? VD_EXTENT_DATA
			    : entry->kind == QCOW2_UNALLOCATED ? VD_EXTENT_PARENT
							       : VD_EXTENT_ZERO;
	} else {
		ret->kind = entry->zero & bit	     ? VD_EXTENT_ZERO
			    : entry->allocated & bit ? VD_EXTENT_DATA
						     : VD_EXTENT_PARENT;
		for (end = i + 1; end < QCOW2_SUBCLUSTERS; end++) {
			bit = 1U << end;
			if (!(entry->zero & 1U << i) != !(entry->zero & bit) ||
			    !(entry->allocated & 1U << i) != !(entry->allocated & bit))
				break;
		}
		ret->length = end * unit - within;
	}
	if (ret->kind == VD_EXTENT_DATA) {
		ret->host_offset = entry->offset + within;
		ret->source = q->data;
	}
}

/* A file may end inside its last cluster; what is missing reads as zeros. */
static int clip(const struct qcow2 *q, uint64_t offset, struct vd_extent *e, struct error **err)
{
	uint64_t size, start;

	if (e->kind != VD_EXTENT_DATA)
		return 0;
	size = e->source->size;
	start = e->host_offset & ~(q->cluster_size - 1);
	if (start >= size && !q->data_file)
		return error_make(err, EINVAL,
				  "%s: qcow2: guest offset %" PRIu64 " is at offset %" PRIu64
				  ", beyond the end of the file at %" PRIu64,
				  q->file->name, offset, e->host_offset, size);
	if (e->host_offset >= size)
		*e = (struct vd_extent){ .kind = VD_EXTENT_ZERO, .length = e->length };
	else
		e->length = MIN(e->length, size - e->host_offset);
	return 0;
}

static int extent_at(struct qcow2 *q, uint64_t table, uint64_t offset, struct vd_extent *ret,
		     struct error **err)
{
	struct qcow2_entry entry;
	int r = qcow2_l2_get(q, table, offset, &entry, err);

	if (r < 0)
		return r;
	if (entry.kind == QCOW2_COMPRESSED_DATA && q->data_file)
		return error_make(err, EINVAL,
				  "%s: qcow2: compressed cluster at guest offset %" PRIu64
				  " in an image with a data file",
				  q->file->name, offset);
	qcow2_describe(q, &entry, offset & (q->cluster_size - 1), ret);
	/* pwrite makes a copy of clusters that snapshots share, and refuses the image's tables */
	if (ret->kind == VD_EXTENT_DATA && q->may_write &&
	    (!entry.copied ||
	     (!q->data_file && qcow2_metadata_has(q, entry.offset, q->cluster_size))))
		*ret = (struct vd_extent){ .kind = VD_EXTENT_ENCODED, .length = ret->length };
	return clip(q, offset, ret, err);
}

static bool qcow2_continues(const struct vd_extent *a, const struct vd_extent *b)
{
	if (a->kind != b->kind || a->kind == VD_EXTENT_ENCODED)
		return false;
	return a->kind != VD_EXTENT_DATA || a->host_offset + a->length == b->host_offset;
}

int qcow2_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint64_t covered = q->cluster_size << q->l2_bits;
	uint64_t left = covered - (offset & (covered - 1)), table = 0;
	struct vd_extent next;
	int r;

	r = qcow2_l1_get(q, offset, &table, err);
	if (r < 0)
		return r;
	table &= QCOW2_OFFSET_MASK;
	if (table == 0) {
		*ret = (struct vd_extent){ .kind = VD_EXTENT_PARENT, .length = left };
		return 0;
	}
	r = extent_at(q, table, offset, ret, err);
	while (r == 0 && ret->length < MIN(left, ENOUGH)) {
		if (offset + ret->length >= image->size ||
		    extent_at(q, table, offset + ret->length, &next, NULL) < 0 ||
		    !qcow2_continues(ret, &next))
			break;
		ret->length += next.length;
	}
	return r;
}

/* Compressed clusters, and clusters that are shared with a snapshot. */
static int qcow2_read_one(struct qcow2 *q, void *buf, size_t n, uint64_t offset, struct error **err)
{
	uint64_t within = offset & (q->cluster_size - 1), table = 0, have;
	struct qcow2_entry entry = { .kind = QCOW2_UNALLOCATED };
	int r = qcow2_l1_get(q, offset, &table, err);

	if (r == 0)
		r = qcow2_l2_get(q, table & QCOW2_OFFSET_MASK, offset, &entry, err);
	if (r < 0)
		return r;
	if (entry.kind == QCOW2_COMPRESSED_DATA)
		return qcow2_read_compressed(q, &entry, buf, n, within, err);
	if (entry.offset >= q->data->size)
		return error_make(err, EINVAL,
				  "%s: qcow2: guest offset %" PRIu64 " is at offset %" PRIu64
				  ", beyond the end of the file",
				  q->file->name, offset, entry.offset);
	have = q->data->size - entry.offset;
	have = have > within ? MIN(have - within, (uint64_t)n) : 0;
	memset((uint8_t *)buf + have, 0, n - have);
	return have ? source_pread(q->data, buf, have, entry.offset + within, err) : 0;
}

int qcow2_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint8_t *p = buf;
	int r = 0;

	while (n > 0 && r == 0) {
		uint64_t rest = q->cluster_size - (offset & (q->cluster_size - 1));
		size_t part = (size_t)MIN(rest, (uint64_t)n);

		r = qcow2_read_one(q, p, part, offset, err);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

/* Bytes at the end of the file may be fewer than the descriptor's whole sectors. */
static int decode_cluster(struct qcow2 *q, const struct qcow2_entry *entry, uint8_t *out,
			  struct error **err)
{
	size_t got = 0, n;
	int r;

	if (entry->offset >= q->file->size)
		return error_make(err, EINVAL,
				  "%s: qcow2: compressed cluster at offset %" PRIu64
				  " is beyond the end of the file",
				  q->file->name, entry->offset);
	n = (size_t)MIN(entry->length, q->file->size - entry->offset);
	r = source_pread(q->file, q->encoded, n, entry->offset, err);
	if (r < 0)
		return r;
	r = vd_decode(q->decoder, q->codec, q->encoded, n, out, q->cluster_size, &got, err);
	if (r == 0 && got != q->cluster_size)
		r = error_make(err, EINVAL, "decompressed to %zu bytes, expected %" PRIu64, got,
			       q->cluster_size);
	if (r < 0)
		error_wrap(err, "%s: qcow2: compressed cluster at offset %" PRIu64, q->file->name,
			   entry->offset);
	return r;
}

int qcow2_read_compressed(struct qcow2 *q, const struct qcow2_entry *entry, void *buf, size_t n,
			  uint64_t within, struct error **err)
{
	const uint8_t *found = blockcache_find(q->decoded, entry->offset);
	uint8_t *fresh;
	int r;

	if (!found) {
		fresh = blockcache_reserve(q->decoded, entry->offset);
		r = decode_cluster(q, entry, fresh, err);
		if (r < 0)
			return r;
		blockcache_commit(q->decoded);
		found = fresh;
	}
	memcpy(buf, found + within, n);
	return 0;
}
