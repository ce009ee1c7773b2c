// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "applets/vdattach/image/image.h"

struct view {
	struct source source;
	struct vd_image *image;
};

static struct vd_image *view_image(struct source *source)
{
	return ((struct view *)source)->image;
}

static int view_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	return vd_image_pread(view_image(source), buf, n, offset, &source->reason);
}

int vd_image_begin_write(struct vd_image *image, struct error **err)
{
	const struct vd_write_ops *write = image->format->write;
	int r = 0;

	if (!image->written && write && write->begin)
		r = write->begin(image, err);
	image->written = r == 0;
	return r;
}

int vd_image_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		    struct error **err)
{
	const struct vd_write_ops *write = image->format->write;
	const uint8_t *p = buf;
	int r = vd_image_begin_write(image, err);

	while (n > 0 && r == 0) {
		struct vd_extent extent = { .length = 0 };
		size_t part;

		r = vd_image_extent(image, offset, &extent, err);
		if (r < 0)
			return r;
		part = (size_t)MIN((uint64_t)n, extent.length);
		if (extent.kind == VD_EXTENT_DATA)
			r = source_pwrite(extent.source, p, part, extent.host_offset, err);
		else if (write && write->pwrite)
			r = write->pwrite(image, p, part, offset, err);
		else
			r = error_sys(err, EROFS, "%s: cannot write", image->source->name);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

static int view_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	return vd_image_pwrite(view_image(source), buf, n, offset, &source->reason);
}

static int view_discard(struct source *source, uint64_t n, uint64_t offset, bool zero)
{
	return vd_image_discard(view_image(source), n, offset, zero, &source->reason);
}

int vd_image_flush(struct vd_image *image, struct error **err)
{
	const struct vd_write_ops *write = image->format->write;

	if (write && write->flush)
		return write->flush(image, err);
	return source_flush(image->source, err);
}

static int view_flush(struct source *source)
{
	return vd_image_flush(view_image(source), &source->reason);
}

static int view_extent(struct source *source, uint64_t offset, struct source_extent *ret)
{
	struct vd_map_entry entry;
	int r = vd_image_map(view_image(source), offset, &entry, &source->reason);

	if (r == 0)
		*ret = (struct source_extent){ entry.length, entry.zero };
	return r;
}

static void view_close(struct source *source)
{
	free((struct view *)source);
}

static const struct source_ops view_ops = {
	.pread = view_pread,
	.pwrite = view_pwrite,
	.flush = view_flush,
	.discard = view_discard,
	.extent = view_extent,
	.close = view_close,
};

int vd_image_view(struct vd_image *image, struct source **ret, struct error **err)
{
	struct view *view = calloc(1, sizeof(*view));

	if (view)
		view->source.name = strdup(image->source->name);
	if (!view || !view->source.name) {
		free(view);
		return error_sys(err, ENOMEM, "%s", image->source->name);
	}
	view->source.ops = &view_ops;
	view->source.size = image->size;
	view->source.read_only = image->read_only;
	view->image = image;
	*ret = &view->source;
	return 0;
}
