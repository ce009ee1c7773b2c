// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "applets/vdattach/format/vhdx/vhdx.h"

static int vhdx_probe(const struct vd_probe *probe)
{
	return probe->head_size >= 8 && memcmp(probe->head, "vhdxfile", 8) == 0 ? 100 : 0;
}

/* Changes that only the log has: done now, or shown as if they were. */
static int replay(struct vd_image *image, struct vhdx *vhdx, struct error **err)
{
	_cleanup_(vhdx_log_release) struct vhdx_log log = { .ops = NULL };
	int r;

	if (vhdx_guid_is_zero(vhdx->header.log_guid))
		return 0;
	r = vhdx_log_read(vhdx->file, &vhdx->header, &log, err);
	if (r < 0)
		return r;
	vhdx->log_replayed = true;
	if (!image->read_only)
		return vhdx_log_apply(vhdx, &log, err);
	findings_add(&image->findings, FINDING_WARNING, "%s: was not closed properly: %s",
		     vhdx->file->name,
		     log.is_empty ? "its log is in use, but holds no valid entry"
				  : "the changes in its log are seen, but not made");
	if (log.is_empty)
		return 0;
	return vhdx_log_overlay(vhdx->file, &log, &vhdx->meta, err);
}

/* The bitmaps' pages count only where there is a parent. */
static uint64_t pages_wanted(const struct vhdx *vhdx)
{
	uint64_t bat = (vhdx->n_blocks + vhdx->n_chunks) * 8 / VHDX_PAGE + 1;

	return vhdx->has_parent ? bat + vhdx->n_chunks * (MIB / VHDX_PAGE) : bat;
}

static int scan_blocks(struct vd_image *image, struct vhdx *vhdx, struct error **err)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	struct vhdx_scan scan;
	int r = vhdx_scan(image, &findings, &scan, err);

	if (r < 0)
		return r;
	vhdx->tail = (struct tail){ .source = vhdx->file, .end = scan.end };
	if (!scan.errors || image->read_only)
		return 0;
	for (size_t i = 0; i < findings.n; i++) {
		if (findings.items[i].level == FINDING_ERROR)
			return error_make(err, EROFS, "%s: damaged, attach it read-only (-r)",
					  findings.items[i].text);
	}
	return error_make(err, EROFS, "%s: damaged, attach it read-only (-r)", vhdx->file->name);
}

static int vhdx_set_up(struct vd_image *image, struct error **err)
{
	struct vhdx *vhdx = image->state;
	int r;

	vhdx->file = vhdx->meta = image->source;
	r = vhdx_header_read(vhdx, err);
	if (r == 0)
		r = replay(image, vhdx, err);
	if (r == 0)
		r = source_rescue(image->source, true, err);
	if (r == 0)
		r = vhdx_regions_read(vhdx, err);
	if (r == 0)
		r = vhdx_metadata_read(vhdx, err);
	if (r == 0)
		r = vhdx_pages_init(&vhdx->pages, vhdx->meta, pages_wanted(vhdx), err);
	if (r == 0)
		r = scan_blocks(image, vhdx, err);
	if (r < 0)
		return r;
	image->size = vhdx->size;
	image->block_size = vhdx->block_size;
	image->sector_size = vhdx->sector_size;
	image->variant = vhdx->has_parent ? "differencing" : vhdx->fixed ? "fixed" : "dynamic";
	return 0;
}

static void vhdx_release(struct vd_image *image)
{
	struct vhdx *vhdx = image->state;

	if (vhdx->meta != vhdx->file)
		source_close(&vhdx->meta);
	vhdx_pages_release(&vhdx->pages);
	free(vhdx->regions);
	free(vhdx);
	image->state = NULL;
}

static int vhdx_open(struct vd_image *image, struct error **err)
{
	return vd_open_state(image, sizeof(struct vhdx), vhdx_set_up, vhdx_release, err);
}

/* What was flushed is in the log at least, so a failure here loses nothing. */
static void vhdx_close(struct vd_image *image)
{
	if (image->state && !image->read_only)
		(void)!vhdx_finish(image, NULL);
	if (image->state)
		vhdx_release(image);
}

const struct vd_format_ops vd_format_vhdx = {
	.name = "vhdx",
	.probe = vhdx_probe,
	.open = vhdx_open,
	.extent = vhdx_extent,
	.write = &vhdx_write_ops,
	.check = vhdx_check,
	.parent = vhdx_parent,
	.matches_parent = vhdx_matches_parent,
	.close = vhdx_close,
};
