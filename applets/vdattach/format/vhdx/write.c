// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/random.h"
#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vhdx/vhdx.h"

/* Pages that one write inside a block can change: 16 of bits, 2 of the BAT, and some. */
#define PIECE_PAGES 24u

static int vhdx_begin_write(struct vd_image *image, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	struct vhdx_header *h = &vhdx->header;
	uint8_t fresh[3 * VHDX_GUID];
	int r;

	if (vhdx->begun)
		return 0;
	r = random_bytes(fresh, sizeof(fresh), err);
	if (r < 0)
		return r;
	memcpy(h->file_write_guid, fresh, VHDX_GUID);
	memcpy(h->data_write_guid, fresh + VHDX_GUID, VHDX_GUID);
	memcpy(vhdx->log_guid, fresh + 2UL * VHDX_GUID, VHDX_GUID);
	vhdx->log_at = 0;
	vhdx->log_sequence = 1;
	/* a flush must not be the first to find the host's disk full */
	r = source_reserve(vhdx->file, h->log_length, h->log_offset, err);
	if (r == 0)
		r = vhdx_header_write(vhdx, err);
	vhdx->begun = r == 0;
	return r;
}

static int put_entry(struct vhdx *vhdx, uint64_t at, uint64_t offset, enum vhdx_state state,
		     struct error **err)
{
	uint8_t *page = NULL;
	int r = vhdx_pages_get(&vhdx->pages, at, true, &page, err);

	if (r == 0)
		put_le64(page + at % VHDX_PAGE, offset | state);
	return r;
}

/* Sets or clears n bits; pages that have them so already are not changed. */
static int put_bits(struct vhdx *vhdx, uint64_t bitmap, uint64_t first, uint64_t n, bool value,
		    struct error **err)
{
	uint64_t end = first + n;

	for (uint64_t bit = first; bit < end;) {
		uint64_t at = bitmap + bit / 8, step = 1;
		uint8_t mask = (uint8_t)(1u << bit % 8), *page = NULL;
		int r = vhdx_pages_get(&vhdx->pages, at, false, &page, err);

		if (r < 0)
			return r;
		if (bit % 8 == 0 && end - bit >= 8) {
			mask = 0xff;
			step = 8;
		}
		if ((page[at % VHDX_PAGE] & mask) != (value ? mask : 0)) {
			r = vhdx_pages_get(&vhdx->pages, at, true, &page, err);
			if (r < 0)
				return r;
			page[at % VHDX_PAGE] ^=
				(uint8_t)((page[at % VHDX_PAGE] ^ (value ? 0xff : 0)) & mask);
		}
		bit += step;
	}
	return 0;
}

/* A block of which nothing but these n bytes is not zero. */
static int write_new(struct vhdx *vhdx, uint64_t block, uint64_t inside, const void *buf, size_t n,
		     struct error **err)
{
	uint64_t before = vhdx->tail.end, place = 0;
	int r;

	r = tail_grow(&vhdx->tail, MIB, vhdx->block_size, &place, err);
	if (r < 0)
		return r;
	r = source_pwrite(vhdx->file, buf, n, place + inside, err);
	if (r == 0)
		r = put_entry(vhdx, vhdx_block_entry(vhdx, block), place, VHDX_FULLY_PRESENT, err);
	if (r < 0)
		tail_undo(&vhdx->tail, before);
	return r;
}

/* The chunk of block has a sector bitmap afterwards. */
static int ensure_bitmap(struct vhdx *vhdx, uint64_t block, struct error **err)
{
	uint64_t at = vhdx_bitmap_entry(vhdx, block / vhdx->chunk_ratio);
	uint64_t before = vhdx->tail.end, entry = 0, place = 0;
	int r = vhdx_entry_get(vhdx, at, &entry, err);

	if (r < 0 || VHDX_STATE(entry) == VHDX_FULLY_PRESENT)
		return r;
	r = tail_grow(&vhdx->tail, MIB, MIB, &place, err);
	if (r < 0)
		return r;
	r = put_entry(vhdx, at, place, VHDX_FULLY_PRESENT, err);
	if (r < 0)
		tail_undo(&vhdx->tail, before);
	return r;
}

/* Copies the parent's n bytes (fewer than a sector) at offset of the disk to place. */
static int copy_edge(struct vd_image *image, uint64_t offset, size_t n, uint64_t place,
		     struct error **err)
{
	uint8_t bytes[4096];
	int r;

	if (n == 0)
		return 0;
	r = vd_parent_pread(image, bytes, n, offset, err);
	return r < 0 ? r : source_pwrite(image->source, bytes, n, place, err);
}

/*
 * Bytes that belong to sectors that the parent had until now, into a block at
 * place. Sectors that are written in part are made whole.
 */
static int write_sectors(struct vd_image *image, uint64_t place, uint64_t inside, const void *buf,
			 size_t n, uint64_t offset, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	size_t head = inside % vhdx->sector_size, over = (inside + n) % vhdx->sector_size;
	int r;

	r = copy_edge(image, offset - head, head, place + inside - head, err);
	if (r == 0 && over)
		r = copy_edge(image, offset + n, vhdx->sector_size - over, place + inside + n, err);
	if (r == 0)
		r = source_pwrite(vhdx->file, buf, n, place + inside, err);
	return r;
}

static int set_written(struct vhdx *vhdx, uint64_t block, uint64_t inside, size_t n, bool fresh,
		       struct error **err)
{
	uint64_t first = inside / vhdx->sector_size;
	uint64_t end = (inside + n + vhdx->sector_size - 1) / vhdx->sector_size;
	uint64_t bitmap = 0;
	int r = vhdx_bitmap_find(vhdx, block, &bitmap, err);

	/* bits of blocks that are not partially present mean nothing and may be anything */
	if (r == 0 && fresh)
		r = put_bits(vhdx, bitmap, 0, vhdx->block_size / vhdx->sector_size, false, err);
	if (r == 0)
		r = put_bits(vhdx, bitmap, first, end - first, true, err);
	return r;
}

/* Sectors of a block that is not here yet; the others stay the parent's. */
static int write_first_sectors(struct vd_image *image, uint64_t block, uint64_t inside,
			       const void *buf, size_t n, uint64_t offset, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	uint64_t before, place = 0;
	int r;

	r = ensure_bitmap(vhdx, block, err);
	if (r < 0)
		return r;
	before = vhdx->tail.end;
	r = tail_grow(&vhdx->tail, MIB, vhdx->block_size, &place, err);
	if (r < 0)
		return r;
	r = write_sectors(image, place, inside, buf, n, offset, err);
	if (r == 0)
		r = set_written(vhdx, block, inside, n, true, err);
	if (r == 0)
		r = put_entry(vhdx, vhdx_block_entry(vhdx, block), place, VHDX_PARTIALLY_PRESENT,
			      err);
	if (r < 0)
		tail_undo(&vhdx->tail, before);
	return r;
}

/* n bytes inside one block; none of them is in the file yet. */
static int write_block(struct vd_image *image, uint64_t block, uint64_t inside, const void *buf,
		       size_t n, uint64_t offset, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	uint64_t entry = 0;
	int r = vhdx_entry_get(vhdx, vhdx_block_entry(vhdx, block), &entry, err);

	if (r < 0)
		return r;
	switch (VHDX_STATE(entry)) {
	case VHDX_PARTIALLY_PRESENT:
		r = write_sectors(image, VHDX_OFFSET(entry), inside, buf, n, offset, err);
		return r < 0 ? r : set_written(vhdx, block, inside, n, false, err);
	case VHDX_NOT_PRESENT:
		if (vhdx->has_parent && n < vhdx_block_used(vhdx, block))
			return write_first_sectors(image, block, inside, buf, n, offset, err);
		return write_new(vhdx, block, inside, buf, n, err);
	case VHDX_UNDEFINED:
	case VHDX_ZERO:
	case VHDX_UNMAPPED:
	case VHDX_UNMAPPED_095:
		return write_new(vhdx, block, inside, buf, n, err);
	case VHDX_FULLY_PRESENT:
		return source_pwrite(vhdx->file, buf, n, VHDX_OFFSET(entry) + inside, err);
	}
	return error_make(err, EINVAL, "%s: VHDX BAT entry of block %" PRIu64 ": unknown state",
			  image->source->name, block);
}

static int vhdx_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		       struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	const uint8_t *p = buf;
	int r = vhdx_begin_write(image, err);

	while (n > 0 && r == 0) {
		uint64_t block = offset / vhdx->block_size, inside = offset % vhdx->block_size;
		uint64_t part = MIN((uint64_t)n, vhdx->block_size - inside);

		if (vhdx->pages.n_dirty > VHDX_DIRTY_MAX - PIECE_PAGES)
			r = vhdx_flush(image, err);
		if (r == 0)
			r = write_block(image, block, inside, p, (size_t)part, offset, err);
		p += part;
		n -= (size_t)part;
		offset += part;
	}
	return r;
}

static int vhdx_zero_block(struct vd_image *image, uint64_t offset, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	uint64_t at = vhdx_block_entry(vhdx, offset / vhdx->block_size), entry = 0;
	int r = 0;

	if (vhdx->pages.n_dirty > VHDX_DIRTY_MAX - PIECE_PAGES)
		r = vhdx_flush(image, err);
	if (r == 0)
		r = vhdx_entry_get(vhdx, at, &entry, err);
	if (r < 0)
		return r;
	/* a partially present block has a place in the file, which it keeps */
	if (VHDX_STATE(entry) != VHDX_NOT_PRESENT)
		return -EOPNOTSUPP;
	return put_entry(vhdx, at, 0, VHDX_ZERO, err);
}

const struct vd_write_ops vhdx_write_ops = {
	.begin = vhdx_begin_write,
	.pwrite = vhdx_pwrite,
	.zero_block = vhdx_zero_block,
	.flush = vhdx_flush,
};
