// SPDX-License-Identifier: GPL-2.0-or-later
/* QCOW version 1, read-only. Layout: qemu's block/qcow.c. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/blockcache.h"
#include "applets/vdattach/format/common/blockmap.h"
#include "applets/vdattach/format/common/codec.h"
#include "applets/vdattach/format/format.h"
#include "applets/vdattach/format/parent.h"

#define MAGIC	      "QFI\xfb\0\0\0\1"
#define HEADER_SIZE   48u
#define MAX_L1_BYTES  (32 * MIB)
#define MAX_NAME      1023u
#define ENOUGH	      (64 * KIB) /* bytes that clusters are put together to */
#define COMPRESSED    (1ULL << 63)
#define DECODED_BYTES (2 * MIB)

struct qcow {
	uint64_t l1_offset, l1_entries, cluster_size;
	uint32_t cluster_bits, l2_bits;
	char *backing_name;
	struct blockmap *map;
	struct blockcache *decoded;
	struct vd_decoder *decoder;
	uint8_t *encoded;
};

static struct qcow *qcow_of(const struct vd_image *image)
{
	return image->state;
}

static int qcow_probe(const struct vd_probe *probe)
{
	return probe->head_size >= HEADER_SIZE && memcmp(probe->head, MAGIC, 8) == 0 ? 100 : 0;
}

static int qcow1_check_header(const struct vd_image *image, const uint8_t *b, struct error **err)
{
	const char *name = image->source->name;

	if (memcmp(b, MAGIC, 8) != 0)
		return error_make(err, EINVAL, "%s: no qcow version 1 header at offset 0", name);
	if (get_be32(b + 36))
		return error_make(err, EOPNOTSUPP,
				  "%s: encrypted qcow (AES) is not supported: decrypt it with "
				  "qemu-img convert",
				  name);
	if (b[32] < 9 || b[32] > 16 || b[33] < 6 || b[33] > 13)
		return error_make(err, EINVAL,
				  "%s: qcow header: clusters of 2^%u bytes and L2 tables of 2^%u "
				  "entries, expected 2^9 to 2^16 and 2^6 to 2^13",
				  name, b[32], b[33]);
	if (get_be64(b + 24) < VD_SECTOR)
		return error_make(err, EINVAL, "%s: qcow header: the disk has no sectors", name);
	return 0;
}

static int set_tables(struct vd_image *image, const uint8_t *b, struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint64_t size = get_be64(b + 24), file_size = image->source->size;
	uint32_t shift;

	q->cluster_bits = b[32];
	q->l2_bits = b[33];
	q->cluster_size = 1ULL << q->cluster_bits;
	q->l1_offset = get_be64(b + 40);
	shift = q->cluster_bits + q->l2_bits;
	q->l1_entries = (size >> shift) + ((size & ((1ULL << shift) - 1)) != 0);
	if (q->l1_entries > MAX_L1_BYTES / 8 || q->l1_offset > file_size ||
	    q->l1_entries * 8 > file_size - q->l1_offset)
		return error_make(err, EINVAL,
				  "%s: qcow header: L1 table of %" PRIu64
				  " entries at offset %" PRIu64
				  " is not inside the file of %" PRIu64 " bytes",
				  image->source->name, q->l1_entries, q->l1_offset, file_size);
	image->size = size & ~(uint64_t)(VD_SECTOR - 1);
	image->block_size = (uint32_t)q->cluster_size;
	image->variant = "version 1";
	return 0;
}

static int read_backing(struct vd_image *image, const uint8_t *b, struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint64_t offset = get_be64(b + 8);
	uint32_t n = get_be32(b + 16);
	int r;

	if (offset == 0)
		return 0;
	if (n == 0 || n > MAX_NAME)
		return error_make(
			err, EINVAL,
			"%s: qcow header: backing file name of %u bytes, expected 1 to %u",
			image->source->name, n, MAX_NAME);
	q->backing_name = calloc(1, (size_t)n + 1);
	if (!q->backing_name)
		return error_sys(err, ENOMEM, "%s", image->source->name);
	r = source_pread(image->source, q->backing_name, n, offset, err);
	if (r == 0)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: qcow: does not say which format its backing file '%s' has",
			     image->source->name, q->backing_name);
	return r;
}

static int qcow1_set_up(struct vd_image *image, struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint8_t b[HEADER_SIZE];
	uint32_t page;
	int r;

	if (image->source->size < sizeof(b))
		return error_make(err, EINVAL, "%s: too short for a qcow header",
				  image->source->name);
	r = source_pread(image->source, b, sizeof(b), 0, err);
	if (r == 0)
		r = qcow1_check_header(image, b, err);
	if (r == 0)
		r = set_tables(image, b, err);
	if (r == 0)
		r = read_backing(image, b, err);
	if (r < 0)
		return r;
	page = (uint32_t)MIN(q->cluster_size, (uint64_t)4096);
	r = blockmap_new(image->source, page, 512, &q->map, err);
	if (r < 0)
		return r;
	q->decoded = blockcache_new(q->cluster_size, DECODED_BYTES);
	q->encoded = malloc(q->cluster_size);
	q->decoder = vd_decoder_new(VD_CODEC_DEFLATE);
	if (!q->decoded || !q->encoded || !q->decoder)
		return error_sys(err, ENOMEM, "%s", image->source->name);
	return 0;
}

static void qcow_close(struct vd_image *image)
{
	struct qcow *q = qcow_of(image);

	if (!q)
		return;
	free(q->backing_name);
	blockmap_free(&q->map);
	blockcache_free(q->decoded);
	free(q->encoded);
	vd_decoder_free(q->decoder);
	free(q);
	image->state = NULL;
}

static int qcow_open(struct vd_image *image, struct error **err)
{
	return vd_open_state(image, sizeof(struct qcow), qcow1_set_up, qcow_close, err);
}

/* The L2 entry for a guest offset; 0 = not allocated. */
static int lookup(const struct vd_image *image, uint64_t offset, uint64_t *ret, struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint64_t table = 0, index = (offset >> q->cluster_bits) & ((1ULL << q->l2_bits) - 1);
	int r = blockmap_get_be64(q->map, q->l1_offset, offset >> (q->cluster_bits + q->l2_bits),
				  &table, err);

	*ret = 0;
	if (r < 0 || table == 0)
		return r;
	if (table > image->source->size)
		return error_make(err, EINVAL,
				  "%s: qcow: L2 table at offset %" PRIu64
				  " is beyond the end of the file",
				  image->source->name, table);
	return blockmap_get_be64(q->map, table, index, ret, err);
}

static int qcow1_describe(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
			  struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint64_t within = offset & (q->cluster_size - 1), entry = 0, size = image->source->size;
	int r = lookup(image, offset, &entry, err);

	if (r < 0)
		return r;
	*ret = (struct vd_extent){ .kind = VD_EXTENT_PARENT, .length = q->cluster_size - within };
	if (entry == 0)
		return 0;
	if (entry & COMPRESSED) {
		ret->kind = VD_EXTENT_ENCODED;
		return 0;
	}
	if (entry >= size)
		return error_make(err, EINVAL,
				  "%s: qcow: guest offset %" PRIu64 " is at offset %" PRIu64
				  ", beyond the end of the file at %" PRIu64,
				  image->source->name, offset, entry, size);
	if (within >= size - entry) {
		ret->kind = VD_EXTENT_ZERO;
		return 0;
	}
	ret->kind = VD_EXTENT_DATA;
	ret->host_offset = entry + within;
	ret->source = image->source;
	ret->length = MIN(ret->length, size - ret->host_offset);
	return 0;
}

static int qcow_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		       struct error **err)
{
	struct vd_extent next;
	int r = qcow1_describe(image, offset, ret, err);

	while (r == 0 && ret->length < ENOUGH) {
		if (ret->kind == VD_EXTENT_ENCODED || offset + ret->length >= image->size ||
		    qcow1_describe(image, offset + ret->length, &next, NULL) < 0 ||
		    next.kind != ret->kind ||
		    (ret->kind == VD_EXTENT_DATA &&
		     ret->host_offset + ret->length != next.host_offset))
			break;
		ret->length += next.length;
	}
	return r;
}

static int qcow1_decode(struct vd_image *image, uint64_t entry, uint8_t *out, struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint32_t shift = 63 - q->cluster_bits;
	uint64_t offset = entry & ((1ULL << shift) - 1);
	size_t n = (size_t)(entry >> shift & (q->cluster_size - 1)), got = 0;
	int r = source_pread(image->source, q->encoded, n, offset, err);

	if (r == 0)
		r = vd_decode(q->decoder, VD_CODEC_DEFLATE, q->encoded, n, out, q->cluster_size,
			      &got, err);
	if (r == 0 && got != q->cluster_size)
		r = error_make(err, EINVAL, "decompressed to %zu bytes, expected %" PRIu64, got,
			       q->cluster_size);
	if (r < 0)
		error_wrap(err, "%s: qcow: compressed cluster at offset %" PRIu64,
			   image->source->name, offset);
	return r;
}

static int qcow1_read_one(struct vd_image *image, void *buf, size_t n, uint64_t offset,
			  struct error **err)
{
	struct qcow *q = qcow_of(image);
	const uint8_t *found;
	uint64_t entry = 0;
	uint8_t *fresh;
	int r = lookup(image, offset, &entry, err);

	if (r < 0)
		return r;
	found = blockcache_find(q->decoded, entry);
	if (!found) {
		fresh = blockcache_reserve(q->decoded, entry);
		r = qcow1_decode(image, entry, fresh, err);
		if (r < 0)
			return r;
		blockcache_commit(q->decoded);
		found = fresh;
	}
	memcpy(buf, found + (offset & (q->cluster_size - 1)), n);
	return 0;
}

static int qcow_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		      struct error **err)
{
	struct qcow *q = qcow_of(image);
	uint8_t *p = buf;
	int r = 0;

	while (n > 0 && r == 0) {
		uint64_t rest = q->cluster_size - (offset & (q->cluster_size - 1));
		size_t part = (size_t)MIN(rest, (uint64_t)n);

		r = qcow1_read_one(image, p, part, offset, err);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

/* Every guest cluster must be somewhere; compressed ones must decode. */
static int qcow_check(struct vd_image *image, struct error **err)
{
	struct qcow *q = qcow_of(image);

	for (uint64_t offset = 0; offset < image->size;) {
		_cleanup_error_ struct error *bad = NULL;
		struct vd_extent extent = { .length = 0 };
		uint64_t length = q->cluster_size;
		uint8_t byte;
		int r = qcow_extent(image, offset, &extent, &bad);

		if (r == 0)
			length = extent.length;
		if (r == 0 && extent.kind == VD_EXTENT_ENCODED)
			r = qcow1_read_one(image, &byte, 1, offset, &bad);
		if (r < 0)
			findings_add(&image->findings, FINDING_ERROR, "%s", error_msg(bad));
		offset += length;
	}
	return 0;
}

static int qcow_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err)
{
	const struct qcow *q = qcow_of(image);

	return q->backing_name ? vd_parent_ref_add(ret, vd_plain_name(q->backing_name), err) : 0;
}

const struct vd_format_ops vd_format_qcow = {
	.name = "qcow",
	.probe = qcow_probe,
	.open = qcow_open,
	.extent = qcow_extent,
	.pread = qcow_pread,
	.check = qcow_check,
	.parent = qcow_parent,
	.close = qcow_close,
};
