// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "applets/lib/loopdev.h"
#include "applets/vdattach/export/export.h"

#define DIRECT_IO_ALIGN 4096u

static int loop_probe(struct vd_image *image, struct error **err)
{
	struct vd_extent run;

	if (vd_image_is_linear(image, &run) && source_file_fd(run.source) >= 0)
		return 0;
	return error_make(err, EOPNOTSUPP,
			  "%s: %s image: the kernel's loop device takes only disks that are one "
			  "run of a file",
			  image->source->name, image->format->name);
}

static int export_loop_attach(struct vd_export *ex, struct error **err)
{
	struct loop_request req = { .block_size = ex->sector_size, .partscan = ex->partscan };
	struct vd_extent run;

	if (!vd_image_is_linear(ex->image, &run))
		return loop_probe(ex->image, err);
	req.path = run.source->name;
	req.fd = source_file_fd(run.source);
	req.offset = run.host_offset + ex->offset;
	/* always limited: never a VHD's footer, nor what a growing file gains */
	req.size = ex->size;
	req.read_only = ex->image->read_only;
	req.direct_io = (req.offset | req.size) % DIRECT_IO_ALIGN == 0;
	if (!req.read_only) {
		int r = vd_image_begin_write(ex->image, err);

		/* nobody else will: the kernel flushes only the file with the data */
		if (r == 0)
			r = vd_image_flush(ex->image, err);
		if (r < 0)
			return r;
	}
	return loop_attach(&req, &ex->devpath, err);
}

static int export_loop_detach(struct vd_export *ex, struct error **err)
{
	return loop_detach(ex->devpath, err);
}

const struct vd_export_ops vd_export_loop = {
	.name = "loop",
	.probe = loop_probe,
	.attach = export_loop_attach,
	.detach = export_loop_detach,
};
