// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/vhdx/vhdx.h"

uint64_t vhdx_block_entry(const struct vhdx *vhdx, uint64_t block)
{
	/* behind the entries of each chunk's blocks comes that of its bitmap */
	return vhdx->bat.offset + (block + block / vhdx->chunk_ratio) * 8;
}

uint64_t vhdx_bitmap_entry(const struct vhdx *vhdx, uint64_t chunk)
{
	return vhdx->bat.offset + (chunk * (vhdx->chunk_ratio + 1) + vhdx->chunk_ratio) * 8;
}

int vhdx_entry_get(struct vhdx *vhdx, uint64_t at, uint64_t *ret, struct error **err)
{
	uint8_t *page = NULL;
	int r = vhdx_pages_get(&vhdx->pages, at, false, &page, err);

	if (r == 0)
		*ret = get_le64(page + at % VHDX_PAGE);
	return r;
}

uint64_t vhdx_block_used(const struct vhdx *vhdx, uint64_t block)
{
	return MIN((uint64_t)vhdx->block_size, vhdx->size - block * vhdx->block_size);
}

static int bad_entry(const struct vhdx *vhdx, uint64_t at, uint64_t entry, const char *what,
		     struct error **err)
{
	return error_make(err, EINVAL,
			  "%s: VHDX BAT entry %016" PRIx64 " at offset %" PRIu64 ": %s",
			  vhdx->file->name, entry, at, what);
}

/* Whether n bytes from the entry's offset are in the file, behind the headers. */
static int check_place(const struct vhdx *vhdx, uint64_t at, uint64_t entry, uint64_t n,
		       struct error **err)
{
	uint64_t size = vhdx->meta->size, offset = VHDX_OFFSET(entry);

	if (offset >= MIB && offset <= size && n <= size - offset)
		return 0;
	return bad_entry(vhdx, at, entry, "the block is not inside the file", err);
}

int vhdx_bitmap_find(struct vhdx *vhdx, uint64_t block, uint64_t *ret, struct error **err)
{
	uint64_t at = vhdx_bitmap_entry(vhdx, block / vhdx->chunk_ratio), entry = 0;
	uint64_t bytes_per_block = vhdx->block_size / vhdx->sector_size / 8;
	int r;

	r = vhdx_entry_get(vhdx, at, &entry, err);
	if (r == 0 && VHDX_STATE(entry) != VHDX_FULLY_PRESENT)
		r = bad_entry(vhdx, at, entry, "no sector bitmap for a block that needs one", err);
	if (r == 0)
		r = check_place(vhdx, at, entry, MIB, err);
	if (r < 0)
		return r;
	*ret = VHDX_OFFSET(entry) + block % vhdx->chunk_ratio * bytes_per_block;
	return 0;
}

/*
 * How many of n sectors from sector are like the first one, and what that is. Whole bytes
 * are looked at at once. Ends at the end of the page.
 */
static uint64_t count_bits(const uint8_t *page, uint64_t byte, uint64_t bit, uint64_t n,
			   bool *ret_present)
{
	uint64_t limit = MIN(bit + n, (VHDX_PAGE - byte) * 8), at = bit;
	bool first = page[byte + bit / 8] >> bit % 8 & 1;
	uint8_t same = first ? 0xff : 0;

	while (at < limit) {
		uint8_t bits = page[byte + at / 8];

		if (at % 8 == 0 && bits == same)
			at += 8;
		else if ((bits >> at % 8 & 1) == first)
			at++;
		else
			break;
	}
	*ret_present = first;
	return MIN(at, limit) - bit;
}

/* A run of sectors in a partially present block that are all here, or all in the parent. */
static int partial_extent(struct vhdx *vhdx, uint64_t block, uint64_t inside, uint64_t entry,
			  struct vd_extent *ret, struct error **err)
{
	uint64_t bitmap = 0, sector = inside / vhdx->sector_size, n;
	uint64_t sectors = vhdx->block_size / vhdx->sector_size;
	uint8_t *page = NULL;
	bool present = false;
	int r;

	r = vhdx_bitmap_find(vhdx, block, &bitmap, err);
	if (r == 0)
		r = vhdx_pages_get(&vhdx->pages, bitmap + sector / 8, false, &page, err);
	if (r < 0)
		return r;
	n = count_bits(page, (bitmap + sector / 8) % VHDX_PAGE, sector % 8, sectors - sector,
		       &present);
	ret->kind = present ? VD_EXTENT_DATA : VD_EXTENT_PARENT;
	ret->length = n * vhdx->sector_size - inside % vhdx->sector_size;
	ret->host_offset = VHDX_OFFSET(entry) + inside;
	return 0;
}

/* 2.5.1.1 */
int vhdx_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	uint64_t block = offset / vhdx->block_size, inside = offset % vhdx->block_size;
	uint64_t at = vhdx_block_entry(vhdx, block), entry = 0;
	int r = vhdx_entry_get(vhdx, at, &entry, err);

	if (r < 0)
		return r;
	ret->source = vhdx->meta;
	ret->length = vhdx->block_size - inside;
	switch (VHDX_STATE(entry)) {
	case VHDX_NOT_PRESENT:
		ret->kind = vhdx->has_parent ? VD_EXTENT_PARENT : VD_EXTENT_ZERO;
		return 0;
	case VHDX_UNDEFINED:
	case VHDX_ZERO:
	case VHDX_UNMAPPED:
	case VHDX_UNMAPPED_095:
		ret->kind = VD_EXTENT_ZERO;
		return 0;
	case VHDX_FULLY_PRESENT:
		ret->kind = VD_EXTENT_DATA;
		ret->host_offset = VHDX_OFFSET(entry) + inside;
		return check_place(vhdx, at, entry, vhdx_block_used(vhdx, block), err);
	case VHDX_PARTIALLY_PRESENT:
		if (!vhdx->has_parent)
			return bad_entry(vhdx, at, entry, "partially present, but no parent", err);
		r = check_place(vhdx, at, entry, vhdx_block_used(vhdx, block), err);
		return r < 0 ? r : partial_extent(vhdx, block, inside, entry, ret, err);
	}
	return bad_entry(vhdx, at, entry, "unknown state", err);
}
