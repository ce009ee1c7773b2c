// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vhd/vhd.h"

#define ENTRIES_AHEAD 1024u /* looked at to merge blocks that are not allocated */
#define DATA_ALIGN    4096u /* of new blocks in the file, as Hyper-V has it since 2012 */
#define PAGE_SECTORS  4096u /* whose bits are in one 512-byte page of a bitmap */

static int get_entry(struct vhd *vhd, uint64_t block, uint32_t *ret, struct error **err)
{
	return blockmap_get_be32(vhd->map, vhd->header.table_offset, block, ret, err);
}

/* Blocks from block on that are not allocated, block itself known to be one. */
static int unused_run(struct vhd *vhd, uint64_t block, uint64_t *ret, struct error **err)
{
	uint64_t n = 1;
	uint32_t entry = VHD_UNUSED;
	int r = 0;

	while (n < ENTRIES_AHEAD && block + n < vhd->header.entries) {
		r = get_entry(vhd, block + n, &entry, err);
		if (r < 0 || entry != VHD_UNUSED)
			break;
		n++;
	}
	*ret = n;
	return r;
}

static bool bit(const uint8_t *bitmap, uint32_t sector)
{
	return bitmap[sector / 8] >> (7 - sector % 8) & 1;
}

/* Sectors from sector on with the same bit, up to n. */
static uint32_t bit_run(const uint8_t *bitmap, uint32_t sector, uint32_t n)
{
	bool value = bit(bitmap, sector);
	uint8_t whole = value ? 0xff : 0;
	uint32_t at = sector;

	while (at < n) {
		if (at % 8 == 0 && n - at >= 8 && bitmap[at / 8] == whole)
			at += 8;
		else if (bit(bitmap, at) == value)
			at++;
		else
			break;
	}
	return at - sector;
}

/* Inside an allocated block: bits tell which sectors are here. */
static int block_extent(struct vd_image *image, uint32_t entry, uint32_t at, struct vd_extent *ret,
			struct error **err)
{
	struct vhd *vhd = image->state;
	uint64_t start = (uint64_t)entry * VD_SECTOR;
	uint32_t sector = at / VD_SECTOR, first = sector / PAGE_SECTORS * PAGE_SECTORS;
	uint32_t n = MIN(PAGE_SECTORS, vhd->header.block_size / VD_SECTOR - first);
	uint8_t bitmap[PAGE_SECTORS / 8];
	int r;

	r = blockmap_read(vhd->map, start + first / 8, bitmap, (n + 7) / 8, err);
	if (r < 0)
		return r;
	ret->length = (uint64_t)bit_run(bitmap, sector - first, n) * VD_SECTOR - at % VD_SECTOR;
	if (!bit(bitmap, sector - first))
		return 0;
	ret->kind = VD_EXTENT_DATA;
	ret->source = image->source;
	ret->host_offset = start + vhd->bitmap_size + at;
	return 0;
}

int vhd_dynamic_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		       struct error **err)
{
	struct vhd *vhd = image->state;
	uint64_t block = offset / vhd->header.block_size, n = 0;
	uint32_t entry = VHD_UNUSED;
	int r;

	*ret = (struct vd_extent){ .kind = vhd->footer.type == VHD_DIFFERENCING ? VD_EXTENT_PARENT
										: VD_EXTENT_ZERO };
	r = get_entry(vhd, block, &entry, err);
	if (r == 0 && entry != VHD_UNUSED)
		return block_extent(image, entry, (uint32_t)(offset % vhd->header.block_size), ret,
				    err);
	if (r == 0)
		r = unused_run(vhd, block, &n, err);
	ret->length = n * vhd->header.block_size - offset % vhd->header.block_size;
	return r;
}

static void set_bits(uint8_t *bitmap, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		bitmap[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* Sets the bits of n sectors of a block that is in the table already: durable after the data. */
static int mark_sectors(struct vhd *vhd, uint64_t start, uint32_t sector, uint32_t n,
			struct error **err)
{
	uint8_t bitmap[PAGE_SECTORS / 8];
	int r = 0;

	while (n > 0 && r == 0) {
		uint32_t page = sector / PAGE_SECTORS, at = sector % PAGE_SECTORS;
		uint32_t part = MIN(n, PAGE_SECTORS - at);
		uint64_t offset = start + page * (PAGE_SECTORS / 8ULL);

		r = blockmap_read(vhd->map, offset, bitmap, sizeof(bitmap), err);
		if (r < 0)
			return r;
		set_bits(bitmap, at, part);
		r = blockmap_write(vhd->map, offset, bitmap, sizeof(bitmap), err);
		sector += part;
		n -= part;
	}
	return r;
}

static int put_footer(struct vd_image *image, uint64_t offset, struct error **err)
{
	struct vhd *vhd = image->state;

	return source_pwrite(image->source, vhd->footer_bytes, VHD_FOOTER_SIZE, offset, err);
}

/*
 * Before the first new block: the copy in front must be whole, since it is what counts while the
 * footer at the end moves; and nothing may be behind the blocks but the footer.
 */
static int prepare_tail(struct vd_image *image, struct error **err)
{
	struct vhd *vhd = image->state;
	struct source *source = image->source;
	int r = 0;

	if (!vhd->head_good) {
		r = put_footer(image, 0, err);
		if (r == 0)
			r = source_flush(source, err);
		vhd->head_good = r == 0;
	}
	if (r < 0 || vhd->at_end)
		return r;
	/* what a power cut left behind the blocks must not show through in new ones */
	if (source->size > vhd->tail.end)
		r = source_resize(source, vhd->tail.end, err);
	if (r == 0)
		r = source_resize(source, vhd->tail.end + VHD_FOOTER_SIZE, err);
	if (r == 0)
		r = put_footer(image, vhd->tail.end, err);
	vhd->at_end = r == 0;
	return r;
}

/* The sector bitmap of a new block in which n sectors from sector are written. */
static int put_bitmap(struct vd_image *image, uint64_t start, uint32_t sector, uint32_t n,
		      struct error **err)
{
	struct vhd *vhd = image->state;
	uint8_t bitmap[PAGE_SECTORS / 8];
	int r = 0;

	for (uint32_t at = 0; at < vhd->bitmap_size && r == 0; at += VD_SECTOR) {
		uint32_t first = at * 8, end = first + PAGE_SECTORS;
		uint32_t from = MAX(sector, first), to = MIN(sector + n, end);

		memset(bitmap, 0, sizeof(bitmap));
		/* the others read as zeros, as they do in the file: readers that know no bits agree
		 */
		if (vhd->footer.type == VHD_DYNAMIC)
			memset(bitmap, 0xff, sizeof(bitmap));
		else if (from < to)
			set_bits(bitmap, from - first, to - from);
		r = source_pwrite(image->source, bitmap, sizeof(bitmap), start + at, err);
	}
	blockmap_forget(vhd->map, start, vhd->bitmap_size);
	return r;
}

/*
 * Gives a block its place at the tail and writes n bytes at at into it. The new footer is on its
 * way before the old one is overwritten; the table learns of the block last, and only in memory.
 */
static int add_block(struct vd_image *image, uint64_t block, uint32_t at, const uint8_t *buf,
		     uint32_t n, struct error **err)
{
	struct vhd *vhd = image->state;
	uint64_t old = vhd->tail.end, start, end;
	int r;

	start = (old + vhd->bitmap_size + DATA_ALIGN - 1) / DATA_ALIGN * DATA_ALIGN -
		vhd->bitmap_size;
	end = start + vhd->bitmap_size + vhd->header.block_size;
	if (start / VD_SECTOR >= VHD_UNUSED)
		return error_sys(err, EFBIG, "%s: cannot grow beyond 2 TiB, the limit of VHD",
				 image->source->name);
	r = prepare_tail(image, err);
	if (r < 0)
		return r;
	vhd->at_end = false;
	r = source_resize(image->source, end + VHD_FOOTER_SIZE, err);
	if (r == 0)
		r = put_footer(image, end, err);
	if (r == 0)
		r = put_bitmap(image, start, at / VD_SECTOR, n / VD_SECTOR, err);
	if (r == 0)
		r = source_pwrite(image->source, buf, n, start + vhd->bitmap_size + at, err);
	if (r == 0)
		r = blockmap_put_be32(vhd->map, vhd->header.table_offset, block,
				      (uint32_t)(start / VD_SECTOR), err);
	if (r < 0) {
		/* as it was; should that fail too, the next block begins with it */
		struct error *ignored = NULL;

		if (prepare_tail(image, &ignored) < 0)
			error_release(&ignored);
		return r;
	}
	vhd->tail.end = end;
	vhd->at_end = true;
	return 0;
}

/* Whole sectors of one block none of which is here yet. */
static int write_sectors(struct vd_image *image, const uint8_t *buf, uint32_t n, uint64_t offset,
			 struct error **err)
{
	struct vhd *vhd = image->state;
	uint64_t block = offset / vhd->header.block_size, start;
	uint32_t at = (uint32_t)(offset % vhd->header.block_size), entry = VHD_UNUSED;
	int r;

	r = get_entry(vhd, block, &entry, err);
	if (r == 0 && entry == VHD_UNUSED)
		return add_block(image, block, at, buf, n, err);
	if (r < 0)
		return r;
	start = (uint64_t)entry * VD_SECTOR;
	r = source_pwrite(image->source, buf, n, start + vhd->bitmap_size + at, err);
	if (r == 0)
		r = mark_sectors(vhd, start, at / VD_SECTOR, n / VD_SECTOR, err);
	return r;
}

/* Less than a sector: the rest of it comes from where it is now. */
static int write_piece(struct vd_image *image, const uint8_t *buf, uint32_t n, uint64_t offset,
		       struct error **err)
{
	uint32_t at = (uint32_t)(offset % VD_SECTOR);
	uint8_t sector[VD_SECTOR];
	int r;

	r = vd_image_pread(image, sector, sizeof(sector), offset - at, err);
	if (r < 0)
		return r;
	memcpy(sector + at, buf, n);
	return write_sectors(image, sector, sizeof(sector), offset - at, err);
}

int vhd_dynamic_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		       struct error **err)
{
	struct vhd *vhd = image->state;
	const uint8_t *p = buf;
	int r = 0;

	while (n > 0 && r == 0) {
		uint64_t room = vhd->header.block_size - offset % vhd->header.block_size;
		uint32_t part = (uint32_t)MIN((uint64_t)n, room);

		if (blockmap_is_full(vhd->map))
			r = blockmap_commit(vhd->map, err);
		if (r < 0)
			return r;
		if (offset % VD_SECTOR || part < VD_SECTOR) {
			part = MIN(part, VD_SECTOR - (uint32_t)(offset % VD_SECTOR));
			r = write_piece(image, p, part, offset, err);
		} else {
			part -= part % VD_SECTOR;
			r = write_sectors(image, p, part, offset, err);
		}
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}
