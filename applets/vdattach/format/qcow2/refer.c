// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks everything in a qcow2 file that refers to clusters. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/check.h"

#define SNAPSHOT_HEADER	     40u
#define BITMAP_ENTRY	     24u
#define MAX_BITMAPS	     65535u
#define MAX_BITMAP_DIRECTORY (64 * MIB)

/* Sets or clears the flag of the entry at that place of the file; on the disk at the next flush. */
static int repair_copied(struct qcow2_checker *c, uint64_t at, bool copied, struct error **err)
{
	struct blockmap *map = qcow2_l2_map(c->q, at);
	uint64_t value = 0;
	int r = blockmap_is_full(map) ? qcow2_flush(c->image, err) : 0;

	if (r == 0)
		r = blockmap_get_be64(map, at, 0, &value, err);
	if (r == 0)
		r = blockmap_put_be64(map, at, 0,
				      copied ? value | QCOW2_COPIED : value & ~QCOW2_COPIED, err);
	c->changed++;
	return r;
}

/*
 * COPIED and a refcount of 1 go together; qemu writes in place by it. at: where the entry is that
 * refers to the cluster at offset.
 */
static int check_copied(struct qcow2_checker *c, const char *what, uint64_t at, uint64_t offset,
			bool copied, struct error **err)
{
	struct qcow2 *q = c->q;
	uint64_t count = 0;
	int r = 0;

	qcow2_refer_active(c, offset);
	if (!c->first_pass || c->copied == QCOW2_COPIED_IGNORE)
		return 0;
	r = qcow2_refcount_get(q, offset >> q->header.cluster_bits, &count, err);
	if (r < 0 || copied == (count == 1))
		return r;
	if (c->copied == QCOW2_COPIED_MEND)
		return repair_copied(c, at, !copied, err);
	findings_add(c->findings, FINDING_ERROR,
		     "%s: qcow2: %s at offset %" PRIu64 ": refcount %" PRIu64
		     ", but the COPIED flag is %s",
		     q->file->name, what, offset, count, copied ? "set" : "clear");
	return 0;
}

/* at: where b is in the file. */
static int check_entry(struct qcow2_checker *c, uint64_t at, const uint8_t *b, bool active,
		       struct error **err)
{
	_cleanup_error_ struct error *bad = NULL;
	struct qcow2 *q = c->q;
	uint64_t value = get_be64(b);
	struct qcow2_entry entry;

	if (qcow2_entry_decode(q, value, q->l2_entry_size == 16 ? get_be64(b + 8) : 0, &entry,
			       &bad) < 0) {
		if (c->first_pass)
			findings_add(c->findings, FINDING_ERROR, "%s", error_msg(bad));
		return 0;
	}
	if (c->first_pass && entry.allocated & entry.zero)
		findings_add(c->findings, FINDING_ERROR,
			     "%s: qcow2: subclusters at offset %" PRIu64
			     " are both allocated and zero",
			     q->file->name, entry.offset);
	if (entry.kind == QCOW2_UNALLOCATED || entry.kind == QCOW2_PLAIN_ZERO)
		return 0;
	if (entry.kind == QCOW2_COMPRESSED_DATA) {
		if (c->first_pass && (entry.allocated || entry.zero))
			findings_add(c->findings, FINDING_ERROR,
				     "%s: qcow2: compressed cluster at offset %" PRIu64
				     " has subclusters",
				     q->file->name, entry.offset);
		if (c->first_pass && value & QCOW2_COPIED)
			findings_add(c->findings, FINDING_ERROR,
				     "%s: qcow2: compressed cluster at offset %" PRIu64
				     " has the COPIED flag",
				     q->file->name, entry.offset);
		qcow2_refer(c, entry.offset, entry.length, QCOW2_USE_DATA, "compressed cluster");
		return 0;
	}
	/* clusters of a data file have no refcount */
	if (q->data_file)
		return 0;
	qcow2_refer(c, entry.offset, q->cluster_size, QCOW2_USE_DATA, "data cluster");
	return active ? check_copied(c, "data cluster", at, entry.offset, entry.copied, err) : 0;
}

/* False, with a finding, when more tables were named than there can be: they are shared endlessly.
 */
static bool spend(struct qcow2_checker *c, uint64_t bytes)
{
	if (c->budget >= bytes) {
		c->budget -= bytes;
		return true;
	}
	if (!c->gave_up)
		findings_add(c->findings, FINDING_ERROR,
			     "%s: qcow2: more tables than the file can hold: not all was checked",
			     c->q->file->name);
	c->gave_up = true;
	return false;
}

static int check_l2(struct qcow2_checker *c, uint64_t offset, bool active, struct error **err)
{
	struct qcow2 *q = c->q;
	int r;

	if (!spend(c, q->cluster_size))
		return 0;
	r = source_pread(q->file, c->table, q->cluster_size, offset, err);
	for (uint64_t at = 0; at < q->cluster_size && r == 0; at += q->l2_entry_size)
		r = check_entry(c, offset + at, c->table + at, active, err);
	return r;
}

/* at: where the entry is in the file. */
static int check_l1_entry(struct qcow2_checker *c, uint64_t at, uint64_t value, bool active,
			  struct error **err)
{
	struct qcow2 *q = c->q;
	uint64_t offset = value & QCOW2_OFFSET_MASK;
	/* changed in place: whoever else has it would see that */
	bool alone = c->tables_only && active && value & QCOW2_COPIED;
	int r = 0;

	if (offset == 0)
		return 0;
	if (offset & (q->cluster_size - 1) || offset > q->file->size ||
	    q->cluster_size > q->file->size - offset) {
		if (c->first_pass)
			findings_add(c->findings, FINDING_ERROR,
				     "%s: qcow2: L2 table at offset %" PRIu64
				     " is not inside the file",
				     q->file->name, offset);
		return 0;
	}
	qcow2_refer(c, offset, q->cluster_size, alone ? QCOW2_USE_ALONE : QCOW2_USE_TABLE,
		    "L2 table");
	if (active)
		r = check_copied(c, "L2 table", at, offset, value & QCOW2_COPIED, err);
	return r < 0 || c->tables_only ? r : check_l2(c, offset, active, err);
}

/* False, with a finding, when n entries of size bytes at offset are not inside the file. */
static bool qcow2_inside(struct qcow2_checker *c, const char *what, uint64_t offset, uint64_t n)
{
	uint64_t size = c->q->file->size;

	if (offset <= size && n <= size - offset)
		return true;
	if (c->first_pass)
		findings_add(c->findings, FINDING_ERROR,
			     "%s: qcow2: %s of %" PRIu64 " bytes at offset %" PRIu64
			     " is not inside the file",
			     c->q->file->name, what, n, offset);
	return false;
}

int qcow2_check_l1(struct qcow2_checker *c, uint64_t offset, uint64_t entries, bool active,
		   struct error **err)
{
	int r = 0;

	if (entries == 0 || !qcow2_inside(c, "L1 table", offset, entries * 8) ||
	    !spend(c, entries * 8))
		return 0;
	qcow2_refer(c, offset, entries * 8, QCOW2_USE_ALONE, "L1 table");
	for (uint64_t i = 0; i < entries && r == 0; i++) {
		uint64_t value = 0;

		r = blockmap_get_be64(c->q->map, offset, i, &value, err);
		if (r == 0)
			r = check_l1_entry(c, offset + i * 8, value, active, err);
	}
	return r;
}

/* Each snapshot takes at least 40 bytes, so the end of the file bounds the loop. */
int qcow2_check_snapshots(struct qcow2_checker *c, struct error **err)
{
	const struct qcow2_header *h = &c->q->header;
	uint64_t at = h->snapshots_offset;
	int r = 0;

	for (uint32_t i = 0; i < h->n_snapshots && r == 0; i++) {
		uint8_t b[SNAPSHOT_HEADER];
		uint64_t n;

		if (!qcow2_inside(c, "snapshot table", at, sizeof(b)))
			return 0;
		r = source_pread(c->q->file, b, sizeof(b), at, err);
		if (r < 0)
			return r;
		n = SNAPSHOT_HEADER + (uint64_t)get_be32(b + 36) + get_be16(b + 12) +
		    get_be16(b + 14);
		at += (n + 7) & ~7ULL;
		if (get_be32(b + 8) > QCOW2_MAX_L1_BYTES / 8)
			findings_add(c->findings, FINDING_ERROR,
				     "%s: qcow2: snapshot %u: L1 table of %u entries is too large",
				     c->q->file->name, i, get_be32(b + 8));
		else
			r = qcow2_check_l1(c, get_be64(b), get_be32(b + 8), false, err);
	}
	if (r == 0 && h->n_snapshots)
		qcow2_refer(c, h->snapshots_offset, at - h->snapshots_offset, QCOW2_USE_ALONE,
			    "snapshot table");
	return r;
}

static int check_bitmap_table(struct qcow2_checker *c, uint64_t offset, uint64_t entries,
			      struct error **err)
{
	struct qcow2 *q = c->q;
	int r = 0;

	if (!qcow2_inside(c, "bitmap table", offset, entries * 8) || !spend(c, entries * 8))
		return 0;
	qcow2_refer(c, offset, entries * 8, QCOW2_USE_ALONE, "bitmap table");
	for (uint64_t i = 0; i < entries && r == 0; i++) {
		uint64_t value = 0;

		r = blockmap_get_be64(q->map, offset, i, &value, err);
		value &= QCOW2_OFFSET_MASK;
		if (r == 0 && value)
			qcow2_refer(c, value, q->cluster_size, QCOW2_USE_ALONE, "bitmap");
	}
	return r;
}

int qcow2_check_bitmaps(struct qcow2_checker *c, struct error **err)
{
	struct qcow2 *q = c->q;
	const struct qcow2_bitmaps *m = &q->bitmaps;
	uint64_t at = m->directory_offset;
	int r = 0;

	/* without the bit, whoever wrote last did not know of them */
	if (!(q->header.autoclear & QCOW2_AUTOCLEAR_BITMAPS) || m->n == 0)
		return 0;
	if (m->n > MAX_BITMAPS || m->directory_size > MAX_BITMAP_DIRECTORY ||
	    !qcow2_inside(c, "bitmap directory", at, m->directory_size))
		return 0;
	qcow2_refer(c, at, m->directory_size, QCOW2_USE_ALONE, "bitmap directory");
	for (uint32_t i = 0; i < m->n && r == 0; i++) {
		uint8_t b[BITMAP_ENTRY];
		uint64_t n;

		if (!qcow2_inside(c, "bitmap directory", at, sizeof(b)))
			return 0;
		r = source_pread(q->file, b, sizeof(b), at, err);
		if (r < 0)
			return r;
		n = BITMAP_ENTRY + (uint64_t)get_be32(b + 20) + get_be16(b + 18);
		at += (n + 7) & ~7ULL;
		r = check_bitmap_table(c, get_be64(b), get_be32(b + 8), err);
	}
	return r;
}
