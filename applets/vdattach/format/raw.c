// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>

#include "applets/vdattach/format/format.h"

/* Any file is raw if nothing else is surer. */
static int raw_probe(const struct vd_probe *probe)
{
	return 1;
}

static int raw_open(struct vd_image *image, struct error **err)
{
	const struct source *source = image->source;
	uint64_t rest = source->size % VD_SECTOR;

	if (source->size < VD_SECTOR)
		return error_make(err, EINVAL,
				  "%s: %" PRIu64
				  " bytes are too few for a disk of 512-byte sectors",
				  source->name, source->size);
	if (rest)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: size %" PRIu64 " is no multiple of 512: the last %" PRIu64
			     " bytes are left out",
			     source->name, source->size, rest);
	image->size = source->size - rest;
	return 0;
}

static int raw_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		      struct error **err)
{
	*ret = (struct vd_extent){ .kind = VD_EXTENT_DATA,
				   .length = image->size - offset,
				   .host_offset = offset,
				   .source = image->source };
	return 0;
}

/* All of the file is data, which needs no more than to be written there. */
static const struct vd_write_ops raw_write_ops;

const struct vd_format_ops vd_format_raw = {
	.name = "raw",
	.probe = raw_probe,
	.open = raw_open,
	.extent = raw_extent,
	.write = &raw_write_ops,
};
