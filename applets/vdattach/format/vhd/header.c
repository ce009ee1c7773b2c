// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/vhd/vhd.h"

#define BLOCK_MIN      4096u /* the specification has 2 MiB; others are seen from 512 KiB on */
#define BLOCK_MAX      (256u << 20)
#define MAP_PAGES      4096u /* of 512 bytes, for writing */
#define MAP_PAGES_READ 512u

/* The specification has sectors here; Windows writes bytes, of whole sectors. */
static uint32_t reserved(uint32_t space)
{
	return space % VD_SECTOR == 0 || space > UINT32_MAX / VD_SECTOR ? space : space * VD_SECTOR;
}

static void vhd_decode(const uint8_t *bytes, struct vhd_header *ret)
{
	*ret = (struct vhd_header){
		.table_offset = get_be64(bytes + 16),
		.version = get_be32(bytes + 24),
		.entries = get_be32(bytes + 28),
		.block_size = get_be32(bytes + 32),
		.checksum = get_be32(bytes + 36),
		.checksum_expected = vhd_checksum(bytes, VHD_HEADER_SIZE, 36),
	};
	memcpy(ret->parent_id, bytes + 40, sizeof(ret->parent_id));
	memcpy(ret->parent_name, bytes + 64, sizeof(ret->parent_name));
	for (size_t i = 0; i < VHD_LOCATORS; i++) {
		const uint8_t *p = bytes + 576 + i * 24;

		memcpy(ret->locators[i].code, p, 4);
		ret->locators[i].reserved = reserved(get_be32(p + 4));
		ret->locators[i].length = get_be32(p + 8);
		ret->locators[i].offset = get_be64(p + 16);
	}
}

/* Damage: refused for writing, remembered for reading. */
static int vhd_damaged(struct vd_image *image, const char *what, uint64_t offset,
		       struct error **err)
{
	const char *name = image->source->name;

	if (!image->read_only)
		return error_make(err, EROFS,
				  "%s: %s at offset %" PRIu64 ": damaged, attach it read-only (-r)",
				  name, what, offset);
	findings_add(&image->findings, FINDING_ERROR, "%s: %s at offset %" PRIu64, name, what,
		     offset);
	return 0;
}

/* Nothing says that tables begin with a sector, but a write to one must not be torn. */
static bool is_aligned(const struct vd_image *image, uint64_t offset)
{
	return offset % (image->read_only ? 4 : VD_SECTOR) == 0;
}

static int read_header(struct vd_image *image, struct vhd *vhd, struct error **err)
{
	uint64_t offset = vhd->footer.data_offset;
	const char *name = image->source->name;
	uint8_t bytes[VHD_HEADER_SIZE];
	int r;

	if (!is_aligned(image, offset) || offset < VHD_FOOTER_SIZE)
		return error_make(err, EINVAL, "%s: VHD footer: header at offset %" PRIu64, name,
				  offset);
	r = source_pread(image->source, bytes, sizeof(bytes), offset, err);
	if (r < 0)
		return error_wrap(err, "%s: VHD header", name);
	if (memcmp(bytes, VHD_HEADER_COOKIE, 8) != 0)
		return error_make(err, EINVAL, "%s: no VHD header at offset %" PRIu64, name,
				  offset);
	vhd_decode(bytes, &vhd->header);
	if (vhd->header.version >> 16 != 1)
		return error_make(err, EOPNOTSUPP, "%s: VHD header: version %u.%u, expected 1.x",
				  name, vhd->header.version >> 16, vhd->header.version & 0xffff);
	if (vhd->header.checksum != vhd->header.checksum_expected)
		return vhd_damaged(image, "VHD header: wrong checksum", offset, err);
	return 0;
}

/* The sizes that all arithmetic relies on. */
static int vhd_check_header(struct vd_image *image, struct vhd *vhd, struct error **err)
{
	const struct vhd_header *h = &vhd->header;
	const char *name = image->source->name;
	uint64_t end = 0;

	if (h->block_size < BLOCK_MIN || h->block_size > BLOCK_MAX ||
	    (h->block_size & (h->block_size - 1)))
		return error_make(err, EINVAL,
				  "%s: VHD header: block size %u, expected a power of two from %u "
				  "to %u",
				  name, h->block_size, BLOCK_MIN, BLOCK_MAX);
	if (h->entries < (image->size + h->block_size - 1) / h->block_size)
		return error_make(err, EINVAL,
				  "%s: VHD header: %u table entries are too few for a disk of "
				  "%" PRIu64 " bytes",
				  name, h->entries, image->size);
	if (!is_aligned(image, h->table_offset) ||
	    !add_u64(h->table_offset, (uint64_t)h->entries * 4, &end) ||
	    end > image->source->size || h->table_offset < VHD_FOOTER_SIZE)
		return error_make(err, EINVAL,
				  "%s: VHD header: table of %u entries at offset %" PRIu64
				  " is not inside the file of %" PRIu64 " bytes",
				  name, h->entries, h->table_offset, image->source->size);
	return 0;
}

/* Before a block there may be less than this, as Hyper-V aligns them. */
#define BLOCK_ALIGN 4096u

/* What is no block: starts and ends, in bytes. */
struct span {
	uint64_t start, end;
};

static size_t metadata_spans(const struct vhd *vhd, struct span *ret)
{
	const struct vhd_header *h = &vhd->header;
	size_t n = 0;

	ret[n++] = (struct span){ 0, VHD_FOOTER_SIZE };
	ret[n++] =
		(struct span){ vhd->footer.data_offset, vhd->footer.data_offset + VHD_HEADER_SIZE };
	ret[n++] = (struct span){ h->table_offset, h->table_offset + (uint64_t)h->entries * 4 };
	for (size_t i = 0; i < VHD_LOCATORS; i++) {
		const struct vhd_locator *l = h->locators + i;

		if (l->length && l->offset && l->offset < INT64_MAX)
			ret[n++] = (struct span){ l->offset, l->offset + l->length };
	}
	return n;
}

/* One allocated block. Returns 0 or an error; damage is told. */
static int check_block(struct vd_image *image, struct vhd *vhd, uint32_t index, uint32_t entry,
		       struct error **err)
{
	uint64_t start = (uint64_t)entry * VD_SECTOR, end, offset;
	struct span spans[3 + VHD_LOCATORS];
	size_t n = metadata_spans(vhd, spans);

	/* the last block may be cut short behind the end of the disk */
	offset = (uint64_t)index * vhd->header.block_size;
	if (offset >= image->size)
		return 0;
	end = start + vhd->bitmap_size +
	      MIN((uint64_t)vhd->header.block_size, image->size - offset);
	if (end > image->source->size)
		return vhd_damaged(image, "VHD table: block beyond the end of the file", start,
				   err);
	for (size_t i = 0; i < n; i++) {
		if (start < spans[i].end && spans[i].start < end)
			return vhd_damaged(image, "VHD table: block over header, table or locator",
					   start, err);
	}
	vhd->tail.end = MAX(vhd->tail.end, start + vhd->bitmap_size + vhd->header.block_size);
	return 0;
}

static int vhd_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int check_overlaps(struct vd_image *image, const struct vhd *vhd, uint32_t *starts, size_t n,
			  struct error **err)
{
	uint32_t length = (vhd->bitmap_size + vhd->header.block_size) / VD_SECTOR;
	int r = 0;

	if (n)
		qsort(starts, n, sizeof(*starts), vhd_compare);
	for (size_t i = 1; i < n && r == 0; i++) {
		if (starts[i] - starts[i - 1] < length)
			r = vhd_damaged(image, "VHD table: two blocks in one place",
					(uint64_t)starts[i] * VD_SECTOR, err);
	}
	return r;
}

/* Collects the entries that are in use. starts has room for header.entries. */
static int vhd_read_table(struct vd_image *image, struct vhd *vhd, uint32_t *starts, size_t *ret_n,
			  struct error **err)
{
	uint8_t buf[4096];
	uint32_t index = 0;
	int r = 0;

	*ret_n = 0;
	while (index < vhd->header.entries && r == 0) {
		uint32_t n = MIN(vhd->header.entries - index, (uint32_t)sizeof(buf) / 4);

		r = source_pread(image->source, buf, n * 4UL,
				 vhd->header.table_offset + index * 4ULL, err);
		for (uint32_t i = 0; i < n && r == 0; i++) {
			uint32_t entry = get_be32(buf + i * 4UL);

			if (entry == VHD_UNUSED)
				continue;
			starts[(*ret_n)++] = entry;
			r = check_block(image, vhd, index + i, entry, err);
		}
		index += n;
	}
	return r;
}

/* Room for longer names of parents: no block is put there, but one that is there is no damage. */
static uint64_t keep_reserved(struct vhd *vhd, uint64_t file_size)
{
	uint64_t more = 0;

	for (size_t i = 0; i < VHD_LOCATORS; i++) {
		const struct vhd_locator *l = vhd->header.locators + i;

		if (l->reserved <= l->length || l->offset == 0 || l->offset > file_size ||
		    l->reserved > file_size - l->offset)
			continue;
		vhd->tail.end = MAX(vhd->tail.end, l->offset + l->reserved);
		more += l->reserved - l->length;
	}
	return more;
}

static int open_table(struct vd_image *image, struct vhd *vhd, struct error **err)
{
	/* no larger than the table in the file, which check_header has seen to be there */
	_cleanup_free_ uint32_t *starts = malloc(vhd->header.entries * sizeof(*starts) + 1);
	struct span spans[3 + VHD_LOCATORS];
	size_t n_spans = metadata_spans(vhd, spans), n = 0;
	uint64_t used = 0;
	int r;

	if (!starts)
		return error_sys(err, ENOMEM, "%s: cannot check the VHD table of %u entries",
				 image->source->name, vhd->header.entries);
	vhd->tail.source = image->source;
	for (size_t i = 0; i < n_spans; i++) {
		used += spans[i].end - spans[i].start;
		/* a locator beyond the file is no reason to put blocks there */
		if (spans[i].end <= image->source->size)
			vhd->tail.end = MAX(vhd->tail.end, spans[i].end);
	}
	used += keep_reserved(vhd, image->source->size - vhd->footer_length);
	r = vhd_read_table(image, vhd, starts, &n, err);
	if (r == 0)
		r = check_overlaps(image, vhd, starts, n, err);
	vhd->tail.end = (vhd->tail.end + VD_SECTOR - 1) / VD_SECTOR * VD_SECTOR;
	/* spans that share their bytes count twice: too little is told, never too much */
	used += n * (vhd->bitmap_size + (uint64_t)vhd->header.block_size + BLOCK_ALIGN);
	vhd->unused = used < vhd->tail.end ? vhd->tail.end - used : 0;
	return r;
}

int vhd_header_open(struct vd_image *image, struct error **err)
{
	struct vhd *vhd = image->state;
	uint32_t bits;
	int r;

	r = read_header(image, vhd, err);
	if (r == 0)
		r = vhd_check_header(image, vhd, err);
	if (r < 0)
		return r;
	bits = vhd->header.block_size / VD_SECTOR / 8;
	vhd->bitmap_size = (bits + VD_SECTOR - 1) / VD_SECTOR * VD_SECTOR;
	image->block_size = vhd->header.block_size;
	r = open_table(image, vhd, err);
	if (r < 0)
		return r;
	vhd->at_end = vhd->footer_length == VHD_FOOTER_SIZE &&
		      vhd->tail.end + VHD_FOOTER_SIZE == image->source->size;
	return blockmap_new(image->source, VD_SECTOR, image->read_only ? MAP_PAGES_READ : MAP_PAGES,
			    &vhd->map, err);
}
