// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/qcow2/qcow2.h"

#define V2_LENGTH  72u
#define V3_LENGTH  104u
#define MAX_LENGTH 4096u

#define EXTENSION_BACKING_FORMAT 0xe2792acau
#define EXTENSION_BITMAPS	 0x23852875u
#define EXTENSION_FEATURE_NAMES	 0x6803f857u
#define EXTENSION_LUKS		 0x0537be77u
#define EXTENSION_DATA_FILE	 0x44415441u

static void decode_v3(const uint8_t *b, struct qcow2_header *h)
{
	h->incompatible = get_be64(b + 72);
	h->compatible = get_be64(b + 80);
	h->autoclear = get_be64(b + 88);
	h->refcount_order = get_be32(b + 96);
	h->length = get_be32(b + 100);
	h->compression = h->length > V3_LENGTH ? b[104] : 0;
}

static void qcow2_decode(const uint8_t *b, struct qcow2_header *h)
{
	*h = (struct qcow2_header){
		.version = get_be32(b + 4),
		.backing_offset = get_be64(b + 8),
		.backing_length = get_be32(b + 16),
		.cluster_bits = get_be32(b + 20),
		.size = get_be64(b + 24),
		.crypt_method = get_be32(b + 32),
		.l1_entries = get_be32(b + 36),
		.l1_offset = get_be64(b + 40),
		.reftable_offset = get_be64(b + 48),
		.reftable_clusters = get_be32(b + 56),
		.n_snapshots = get_be32(b + 60),
		.snapshots_offset = get_be64(b + 64),
		.refcount_order = 4,
		.length = V2_LENGTH,
	};
	if (h->version == 3)
		decode_v3(b, h);
}

static int check_features(const struct qcow2 *q, struct error **err)
{
	const struct qcow2_header *h = &q->header;
	const char *name = q->file->name;
	uint64_t unknown = h->incompatible & ~QCOW2_INCOMPAT_KNOWN;

	if (unknown)
		return error_make(err, EOPNOTSUPP,
				  "%s: qcow2 header: unknown incompatible features %" PRIx64, name,
				  unknown);
	if (h->crypt_method)
		return error_make(err, EOPNOTSUPP,
				  "%s: encrypted qcow2 (%s) is not supported: decrypt it with "
				  "qemu-img convert",
				  name,
				  h->crypt_method == 1	 ? "AES"
				  : h->crypt_method == 2 ? "LUKS"
							 : "unknown method");
	if (h->compression > 1)
		return error_make(err, EOPNOTSUPP, "%s: qcow2 header: unknown compression type %u",
				  name, h->compression);
	if (h->compression && !(h->incompatible & QCOW2_INCOMPAT_COMPRESSION))
		return error_make(err, EINVAL,
				  "%s: qcow2 header: compression type without its feature bit",
				  name);
	return 0;
}

static int check_values(const struct qcow2 *q, struct error **err)
{
	const struct qcow2_header *h = &q->header;
	const char *name = q->file->name;

	if (h->version != 2 && h->version != 3)
		return error_make(err, EOPNOTSUPP, "%s: qcow2 header: version %u, expected 2 or 3",
				  name, h->version);
	if (h->cluster_bits < 9 || h->cluster_bits > 21)
		return error_make(err, EINVAL,
				  "%s: qcow2 header: clusters of 2^%u bytes, expected 2^9 to 2^21",
				  name, h->cluster_bits);
	if (h->version == 3 &&
	    (h->length < V3_LENGTH || h->length > 1U << h->cluster_bits || h->length > MAX_LENGTH))
		return error_make(err, EINVAL, "%s: qcow2 header: length %u, expected 104 or more",
				  name, h->length);
	if (h->refcount_order > 6)
		return error_make(err, EINVAL,
				  "%s: qcow2 header: refcounts of 2^%u bits, expected at most 64",
				  name, h->refcount_order);
	if (h->size < VD_SECTOR)
		return error_make(err, EINVAL, "%s: qcow2 header: the disk has no sectors", name);
	return check_features(q, err);
}

/* A table of n bytes at offset: on a cluster boundary and inside the file. */
static int check_table(const struct qcow2 *q, const char *what, uint64_t offset, uint64_t n,
		       uint64_t max, struct error **err)
{
	uint64_t size = q->file->size;
	const char *name = q->file->name;

	if (n > max)
		return error_make(err, EINVAL,
				  "%s: qcow2 header: %s of %" PRIu64 " bytes, at most %" PRIu64
				  " are allowed",
				  name, what, n, max);
	if (n == 0)
		return 0;
	if (offset == 0 || offset & (q->cluster_size - 1))
		return error_make(err, EINVAL,
				  "%s: qcow2 header: %s at offset %" PRIu64
				  ", which is not a cluster's",
				  name, what, offset);
	if (offset > size || n > size - offset)
		return error_make(err, EINVAL,
				  "%s: qcow2 header: %s of %" PRIu64 " bytes at offset %" PRIu64
				  " is beyond the end of the file at %" PRIu64,
				  name, what, n, offset, size);
	return 0;
}

static int check_tables(const struct qcow2 *q, struct error **err)
{
	const struct qcow2_header *h = &q->header;
	uint32_t shift = h->cluster_bits + q->l2_bits;
	uint64_t needed = (h->size >> shift) + ((h->size & ((1ULL << shift) - 1)) != 0);
	int r;

	r = check_table(q, "L1 table", h->l1_offset, h->l1_entries * 8ULL, QCOW2_MAX_L1_BYTES, err);
	if (r == 0 && h->l1_entries < needed)
		r = error_make(err, EINVAL,
			       "%s: qcow2 header: L1 table of %u entries is too small for a disk "
			       "of %" PRIu64 " bytes",
			       q->file->name, h->l1_entries, h->size);
	if (r == 0)
		r = check_table(q, "refcount table", h->reftable_offset,
				h->reftable_clusters * q->cluster_size, QCOW2_MAX_REFTABLE_BYTES,
				err);
	if (r == 0 && h->n_snapshots > QCOW2_MAX_SNAPSHOTS)
		r = error_make(err, EINVAL, "%s: qcow2 header: %u snapshots, expected at most %u",
			       q->file->name, h->n_snapshots, QCOW2_MAX_SNAPSHOTS);
	if (r == 0)
		r = check_table(q, "snapshot table", h->snapshots_offset, h->n_snapshots * 40ULL,
				UINT64_MAX, err);
	return r;
}

static int copy_text(struct qcow2 *q, uint64_t offset, uint32_t n, char **ret, struct error **err)
{
	char *text = calloc(1, (size_t)n + 1);
	int r;

	if (!text)
		return error_sys(err, ENOMEM, "%s", q->file->name);
	r = source_pread(q->file, text, n, offset, err);
	if (r < 0 || strlen(text) != n) {
		free(text);
		return r < 0 ? r
			     : error_make(err, EINVAL,
					  "%s: qcow2 header: a name at offset %" PRIu64
					  " contains a zero byte",
					  q->file->name, offset);
	}
	free(*ret);
	*ret = text;
	return 0;
}

static int read_bitmaps(struct qcow2 *q, uint64_t offset, uint32_t n, struct error **err)
{
	uint8_t b[24];
	int r;

	if (n != sizeof(b))
		return error_make(err, EINVAL,
				  "%s: qcow2 bitmaps extension of %u bytes, expected 24",
				  q->file->name, n);
	r = source_pread(q->file, b, sizeof(b), offset, err);
	if (r < 0)
		return r;
	q->bitmaps = (struct qcow2_bitmaps){ .n = get_be32(b),
					     .directory_size = get_be64(b + 8),
					     .directory_offset = get_be64(b + 16) };
	return 0;
}

static int read_extension(struct qcow2 *q, uint32_t type, uint64_t offset, uint32_t n,
			  struct error **err)
{
	switch (type) {
	case EXTENSION_BACKING_FORMAT:
		return copy_text(q, offset, n, &q->backing_format, err);
	case EXTENSION_DATA_FILE:
		return copy_text(q, offset, n, &q->data_file_name, err);
	case EXTENSION_BITMAPS:
		return read_bitmaps(q, offset, n, err);
	case EXTENSION_LUKS:
		return error_make(err, EOPNOTSUPP,
				  "%s: encrypted qcow2 (LUKS) is not supported: decrypt it with "
				  "qemu-img convert",
				  q->file->name);
	case EXTENSION_FEATURE_NAMES:
		return 0;
	default:
		q->foreign = true;
		return 0;
	}
}

/* Each round gets at least 8 bytes ahead in at most one cluster. */
static int read_extensions(struct qcow2 *q, struct error **err)
{
	const struct qcow2_header *h = &q->header;
	uint64_t offset = h->length;
	uint64_t end = h->backing_offset ? h->backing_offset : q->cluster_size;

	end = MIN(end, q->file->size);
	while (offset + 8 <= end) {
		uint8_t b[8];
		uint32_t type, n;
		int r = source_pread(q->file, b, sizeof(b), offset, err);

		if (r < 0)
			return r;
		type = get_be32(b);
		n = get_be32(b + 4);
		offset += 8;
		if (type == 0)
			return 0;
		if (n > end - offset || n > MAX_LENGTH * 16)
			return error_make(err, EINVAL,
					  "%s: qcow2 header extension %08x of %u bytes at offset "
					  "%" PRIu64 " is too long",
					  q->file->name, type, n, offset - 8);
		r = read_extension(q, type, offset, n, err);
		if (r < 0)
			return r;
		offset += (n + 7ULL) & ~7ULL;
	}
	return 0;
}

static int read_backing(struct qcow2 *q, struct error **err)
{
	const struct qcow2_header *h = &q->header;

	if (h->backing_offset == 0)
		return 0;
	if (h->backing_length > QCOW2_MAX_BACKING_NAME || h->backing_length == 0 ||
	    h->backing_offset > q->cluster_size - MIN(q->cluster_size, h->backing_length))
		return error_make(err, EINVAL,
				  "%s: qcow2 header: backing file name of %u bytes at offset "
				  "%" PRIu64 ", expected 1 to %u in the first cluster",
				  q->file->name, h->backing_length, h->backing_offset,
				  QCOW2_MAX_BACKING_NAME);
	return copy_text(q, h->backing_offset, h->backing_length, &q->backing_name, err);
}

static void derive(struct qcow2 *q)
{
	const struct qcow2_header *h = &q->header;

	q->cluster_size = 1ULL << h->cluster_bits;
	q->l2_entry_size = h->incompatible & QCOW2_INCOMPAT_EXTENDED_L2 ? 16 : 8;
	q->l2_bits = h->cluster_bits - (q->l2_entry_size == 16 ? 4 : 3);
	q->refblock_bits = h->cluster_bits + 3 - h->refcount_order;
	q->reftable_entries = h->reftable_clusters * q->cluster_size / 8;
	q->codec = h->compression ? VD_CODEC_ZSTD : VD_CODEC_DEFLATE;
}

int qcow2_header_read(struct qcow2 *q, struct error **err)
{
	uint8_t b[V3_LENGTH + 8] = { 0 };
	size_t n = (size_t)MIN(q->file->size, (uint64_t)sizeof(b));
	int r;

	if (n < V2_LENGTH)
		return error_make(err, EINVAL, "%s: too short for a qcow2 header", q->file->name);
	r = source_pread(q->file, b, n, 0, err);
	if (r < 0)
		return r;
	if (memcmp(b, QCOW2_MAGIC, 4) != 0)
		return error_make(err, EINVAL, "%s: no qcow2 header at offset 0", q->file->name);
	qcow2_decode(b, &q->header);
	q->foreign = q->header.autoclear & ~(QCOW2_AUTOCLEAR_BITMAPS | QCOW2_AUTOCLEAR_RAW);
	r = check_values(q, err);
	if (r < 0)
		return r;
	derive(q);
	if (q->l2_entry_size == 16 && q->header.cluster_bits < 14)
		return error_make(err, EINVAL,
				  "%s: qcow2 header: extended L2 entries need clusters of 16 KiB",
				  q->file->name);
	r = check_tables(q, err);
	if (r == 0)
		r = read_extensions(q, err);
	if (r == 0)
		r = read_backing(q, err);
	return r;
}
