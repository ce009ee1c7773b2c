// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "applets/vdattach/format/vhdx/vhdx.h"

#define SECTOR 4096u

/* What a data descriptor wants written (2.3.1.4). */
static int read_data(struct source *file, const struct vhdx_log_op *op, uint8_t *buf,
		     struct error **err)
{
	int r = source_pread(file, buf, SECTOR, op->data, err);

	memcpy(buf, op->leading, sizeof(op->leading));
	memcpy(buf + SECTOR - sizeof(op->trailing), op->trailing, sizeof(op->trailing));
	return r;
}

/* Holes are zeros already: a hostile log cannot fill the disk. */
static int vhdx_write_zeros(struct source *file, uint64_t offset, uint64_t n, struct error **err)
{
	static uint8_t zeros[SECTOR]; /* not const: a const one takes room in the program */

	while (n > 0) {
		struct source_extent extent;
		uint64_t part;
		int r = source_extent(file, offset, &extent, err);

		if (r < 0)
			return r;
		part = MIN(n, extent.length);
		if (!extent.zero) {
			part = MIN(part, (uint64_t)sizeof(zeros));
			r = source_pwrite(file, zeros, (size_t)part, offset, err);
		}
		if (r < 0)
			return r;
		offset += part;
		n -= part;
	}
	return 0;
}

static int apply_op(struct source *file, const struct vhdx_log_op *op, struct error **err)
{
	uint8_t buf[SECTOR];
	int r;

	if (op->zero)
		return vhdx_write_zeros(file, op->offset, op->length, err);
	r = read_data(file, op, buf, err);
	return r < 0 ? r : source_pwrite(file, buf, sizeof(buf), op->offset, err);
}

int vhdx_log_apply(struct vhdx *vhdx, const struct vhdx_log *log, struct error **err)
{
	int r = 0;

	if (log->file_size > vhdx->file->size)
		r = source_resize(vhdx->file, log->file_size, err);
	for (size_t i = 0; i < log->n_ops && r == 0; i++)
		r = apply_op(vhdx->file, log->ops + i, err);
	if (r == 0)
		r = source_flush(vhdx->file, err);
	if (r < 0)
		return r;
	memset(vhdx->header.log_guid, 0, VHDX_GUID);
	return vhdx_header_write(vhdx, err);
}

struct overlay {
	struct source source;
	struct source *file;
	struct vhdx_log log;
};

static struct overlay *to_overlay(struct source *source)
{
	return (struct overlay *)source;
}

/* The part of the op that the n bytes at offset want. */
static int overlay_op(struct source *file, const struct vhdx_log_op *op, uint8_t *buf, size_t n,
		      uint64_t offset)
{
	uint64_t start = MAX(offset, op->offset);
	uint64_t end = MIN(offset + n, op->offset + op->length);
	uint8_t data[SECTOR];
	int r;

	if (start >= end)
		return 0;
	if (op->zero) {
		memset(buf + (start - offset), 0, end - start);
		return 0;
	}
	r = read_data(file, op, data, NULL);
	if (r == 0)
		memcpy(buf + (start - offset), data + (start - op->offset), end - start);
	return r;
}

static int overlay_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	struct overlay *o = to_overlay(source);
	size_t present = 0;
	int r = 0;

	if (offset < o->file->size)
		present = (size_t)MIN((uint64_t)n, o->file->size - offset);
	if (present)
		r = source_pread(o->file, buf, present, offset, NULL);
	memset((uint8_t *)buf + present, 0, n - present);
	for (size_t i = 0; i < o->log.n_ops && r == 0; i++)
		r = overlay_op(o->file, o->log.ops + i, buf, n, offset);
	return r;
}

static int overlay_extent(struct source *source, uint64_t offset, struct source_extent *ret)
{
	struct overlay *o = to_overlay(source);
	int r = 0;

	*ret = (struct source_extent){ UINT64_MAX, true };
	if (offset < o->file->size)
		r = source_extent(o->file, offset, ret, NULL);
	for (size_t i = 0; i < o->log.n_ops && r == 0; i++) {
		const struct vhdx_log_op *op = o->log.ops + i;

		if (op->offset > offset) {
			ret->length = MIN(ret->length, op->offset - offset);
		} else if (offset - op->offset < op->length) {
			ret->zero = false;
			ret->length = MIN(ret->length, op->offset + op->length - offset);
		}
	}
	return r;
}

static void overlay_close(struct source *source)
{
	vhdx_log_release(&to_overlay(source)->log);
	free(to_overlay(source));
}

static const struct source_ops overlay_ops = {
	.pread = overlay_pread,
	.extent = overlay_extent,
	.close = overlay_close,
};

int vhdx_log_overlay(struct source *file, struct vhdx_log *log, struct source **ret,
		     struct error **err)
{
	struct overlay *o = calloc(1, sizeof(*o));

	if (o)
		o->source.name = strdup(file->name);
	if (!o || !o->source.name) {
		free(o);
		return error_sys(err, ENOMEM, "%s", file->name);
	}
	o->source.ops = &overlay_ops;
	o->source.size = log->file_size;
	o->source.read_only = true;
	o->file = file;
	o->log = *log;
	*log = (struct vhdx_log){ .ops = NULL };
	*ret = &o->source;
	return 0;
}
