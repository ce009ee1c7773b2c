// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/qcow2/qcow2.h"

#define TABLE_PAGE     4096u
#define MAP_PAGES      768u
#define EARLY_PAGES    256u
#define REFTABLE_PAGES 128u
#define DECODED_BYTES  MIB

static int qcow2_probe(const struct vd_probe *probe)
{
	if (probe->head_size < 8 || memcmp(probe->head, QCOW2_MAGIC, 4) != 0)
		return 0;
	return get_be32(probe->head + 4) == 1 ? 0 : 100;
}

static int refuse_corrupt(const struct qcow2 *q, struct error **err)
{
	if (q->header.incompatible & QCOW2_INCOMPAT_CORRUPT)
		return error_make(err, EROFS,
				  "%s: qcow2: marked as corrupt: repair it with qemu-img check -r "
				  "all, or attach it read-only (-r)",
				  q->file->name);
	return 0;
}

static int decide_access(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);

	if (image->read_only) {
		if (q->header.incompatible & QCOW2_INCOMPAT_CORRUPT)
			findings_add(&image->findings, FINDING_ERROR,
				     "%s: qcow2: marked as corrupt", q->file->name);
		return 0;
	}
	return refuse_corrupt(q, err);
}

static int open_data_file(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);

	q->data = q->file;
	if (!(q->header.incompatible & QCOW2_INCOMPAT_DATA_FILE))
		return 0;
	if (!q->data_file_name)
		return error_make(err, EINVAL, "%s: qcow2: has a data file, but not its name",
				  q->file->name);
	if (vd_image_open_file(image, q->data_file_name, image->read_only, &q->data_file, err) < 0)
		return error_wrap(err, "%s: qcow2: its data file '%s' cannot be opened",
				  q->file->name, q->data_file_name);
	q->data = q->data_file;
	if (source_is_same_file(q->data, q->file))
		return error_make(err, EINVAL, "%s: qcow2: names itself as its data file",
				  q->file->name);
	return 0;
}

static int make_memory(struct qcow2 *q, struct error **err)
{
	uint32_t page = (uint32_t)MIN(q->cluster_size, (uint64_t)TABLE_PAGE);
	/* pages of all tables that there can be, and what blockmap keeps in reserve */
	uint64_t pages = q->header.l1_entries * (q->cluster_size + 8) / page + EARLY_PAGES;
	/* what a killed process leaves is written in this order */
	int r = blockmap_new(q->file, page, EARLY_PAGES, &q->early, err);

	if (r == 0)
		r = blockmap_new(q->file, page, REFTABLE_PAGES, &q->reftable, err);
	if (r == 0)
		r = blockmap_new(q->file, VD_SECTOR, 1, &q->head, err);
	if (r == 0)
		r = blockmap_new(q->file, page, (uint32_t)MIN(pages, (uint64_t)MAP_PAGES), &q->map,
				 err);
	if (r < 0)
		return r;
	q->decoded = blockcache_new(q->cluster_size, DECODED_BYTES);
	if (q->may_write)
		q->cluster = malloc(q->cluster_size);
	q->decoder = vd_decoder_new(q->codec);
	q->encoded = malloc(2 * q->cluster_size + VD_SECTOR);
	if (!q->decoded || !q->decoder || !q->encoded || (q->may_write && !q->cluster))
		return error_sys(err, ENOMEM, "%s", q->file->name);
	return 0;
}

static int clear_autoclear(struct qcow2 *q, struct error **err)
{
	uint64_t kept = q->header.autoclear & QCOW2_AUTOCLEAR_RAW;
	uint8_t b[8];
	int r;

	put_be64(b, kept);
	r = source_pwrite(q->file, b, sizeof(b), 88, err);

	if (r == 0)
		r = source_flush(q->file, err);
	if (r == 0)
		q->header.autoclear = kept;
	return r;
}

/*
 * Bits whose features this version does not keep up to date (dirty bitmaps) must be cleared
 * before the first write, which tells every other program so.
 */
static int qcow2_begin_write(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);

	if (!q->may_write)
		return 0;
	if (!q->reclaimed)
		qcow2_reclaim(image);
	q->reclaimed = true;
	return q->header.autoclear & ~QCOW2_AUTOCLEAR_RAW ? clear_autoclear(q, err) : 0;
}

static const struct vd_write_ops qcow2_write_ops = {
	.begin = qcow2_begin_write,
	.pwrite = qcow2_pwrite,
	.zero_block = qcow2_zero_block,
	.flush = qcow2_flush,
};

static void note_oddities(struct vd_image *image)
{
	const struct qcow2 *q = qcow2_of(image);

	if (q->header.incompatible & QCOW2_INCOMPAT_DIRTY)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: qcow2: not closed properly, its refcounts are not valid",
			     q->file->name);
	if (q->may_write && q->bitmaps.n && q->header.autoclear & QCOW2_AUTOCLEAR_BITMAPS)
		findings_add(
			&image->findings, FINDING_WARNING,
			"%s: qcow2: its %u persistent bitmaps become invalid when it is written to",
			q->file->name, q->bitmaps.n);
	if (q->backing_name && !q->backing_format)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: qcow2: does not say which format its backing file '%s' has",
			     q->file->name, q->backing_name);
}

static int qcow2_set_up(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	int r = qcow2_header_read(q, err);

	if (r == 0)
		r = qcow2_backing_read(q, err);
	if (r == 0)
		r = decide_access(image, err);
	if (r == 0)
		r = open_data_file(image, err);
	if (r < 0)
		return r;
	q->may_write = !image->read_only;
	q->tail.source = q->file;
	q->tail.end = (q->file->size + q->cluster_size - 1) & ~(q->cluster_size - 1);
	q->epoch_end = q->tail.end;
	r = make_memory(q, err);
	if (r == 0 && q->may_write && q->header.incompatible & QCOW2_INCOMPAT_DIRTY)
		r = qcow2_repair(image, err);
	if (r == 0 && q->may_write)
		r = qcow2_metadata_read(image, err);
	if (r < 0)
		return r;
	note_oddities(image);
	image->size = q->header.size & ~(uint64_t)(VD_SECTOR - 1);
	image->block_size = (uint32_t)q->cluster_size;
	image->variant = q->header.version == 2 ? "version 2" : "version 3";
	return 0;
}

static void qcow2_close(struct vd_image *image)
{
	struct qcow2 *q = qcow2_of(image);

	if (!q)
		return;
	source_close(&q->data_file);
	free(q->backing_name);
	free(q->backing_format);
	free(q->data_file_name);
	blockmap_free(&q->early);
	blockmap_free(&q->reftable);
	blockmap_free(&q->head);
	blockmap_free(&q->map);
	blockcache_free(q->decoded);
	free(q->metadata.runs);
	free(q->spare.bits);
	free(q->cluster);
	free(q->encoded);
	vd_decoder_free(q->decoder);
	free(q);
	image->state = NULL;
}

static int qcow2_open(struct vd_image *image, struct error **err)
{
	struct qcow2 *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return error_sys(err, ENOMEM, "%s", image->source->name);
	q->file = image->source;
	image->state = q;
	r = qcow2_set_up(image, err);
	if (r < 0)
		qcow2_close(image);
	return r;
}

static int qcow2_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err)
{
	const struct qcow2 *q = qcow2_of(image);

	if (!q->backing_name)
		return 0;
	ret->format = q->backing_format;
	/* old names of raw */
	if (ret->format && (!strcmp(ret->format, "file") || !strcmp(ret->format, "host_device")))
		ret->format = "raw";
	return vd_parent_ref_add(ret, vd_plain_name(q->backing_name), err);
}

const struct vd_format_ops vd_format_qcow2 = {
	.name = "qcow2",
	.probe = qcow2_probe,
	.open = qcow2_open,
	.extent = qcow2_extent,
	.pread = qcow2_pread,
	.write = &qcow2_write_ops,
	.check = qcow2_check,
	.parent = qcow2_parent,
	.close = qcow2_close,
};
