// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Discard and write-zeroes. What lies in a file is zeroed there and stays mapped: nothing ever
 * becomes free for another use, so no order of writes can give a block two owners. Only what is not
 * in a file is marked in the tables, where the format has a mark for zeros.
 */
#include <errno.h>

#include "applets/vdattach/image/image.h"

static int discard_write_zeros(struct vd_image *image, uint64_t n, uint64_t offset, uint64_t *ret,
			       struct error **err)
{
	uint64_t size = image->block_size ? image->block_size : SOURCE_ZEROS;

	/* to the end of the block, so that the next one may be marked */
	*ret = MIN(MIN(n, size - offset % size), (uint64_t)SOURCE_ZEROS);
	return vd_image_pwrite(image, source_zeros(), (size_t)*ret, offset, err);
}

static bool is_whole_block(const struct vd_image *image, uint64_t n, uint64_t offset)
{
	uint64_t size = image->block_size;

	return size && offset % size == 0 && n >= MIN(size, image->size - offset);
}

/* Zeroes *ret of the n bytes at offset, at least one. */
static int zero_part(struct vd_image *image, uint64_t n, uint64_t offset, uint64_t *ret,
		     struct error **err)
{
	const struct vd_write_ops *write = image->format->write;
	struct vd_map_entry seen;
	struct vd_extent extent = { .kind = VD_EXTENT_ZERO };
	int r = vd_image_map(image, offset, &seen, err);

	*ret = n;
	if (r == 0)
		r = vd_image_extent(image, offset, &extent, err);
	if (r < 0)
		return r;
	if (seen.zero) {
		*ret = MIN(n, seen.length);
		return 0;
	}
	if (extent.kind == VD_EXTENT_DATA) {
		*ret = MIN(n, extent.length);
		return source_write_zeroes(extent.source, *ret, extent.host_offset, err);
	}
	if (!write || !write->zero_block || !is_whole_block(image, MIN(n, extent.length), offset))
		return discard_write_zeros(image, n, offset, ret, err);
	*ret = MIN((uint64_t)image->block_size, image->size - offset);
	r = write->zero_block(image, offset, err);
	return r == -EOPNOTSUPP ? discard_write_zeros(image, n, offset, ret, err) : r;
}

static int discard_part(struct vd_image *image, uint64_t n, uint64_t offset, uint64_t *ret,
			struct error **err)
{
	struct vd_extent extent = { .kind = VD_EXTENT_ZERO };
	int r = vd_image_extent(image, offset, &extent, err);

	if (r < 0)
		return r;
	*ret = MIN(n, extent.length);
	if (extent.kind != VD_EXTENT_DATA)
		return 0;
	return source_discard(extent.source, *ret, extent.host_offset, err);
}

int vd_image_discard(struct vd_image *image, uint64_t n, uint64_t offset, bool zero,
		     struct error **err)
{
	int r = vd_image_begin_write(image, err);

	while (n > 0 && r == 0) {
		uint64_t part = n;

		r = zero ? zero_part(image, n, offset, &part, err)
			 : discard_part(image, n, offset, &part, err);
		n -= part;
		offset += part;
	}
	return r;
}
