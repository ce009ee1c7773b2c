// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/vhdx/vhdx.h"

/* Nothing that a VHDX needs lies further out: bounds the memory for the map of the file. */
#define FILE_MAX (2 * VHDX_DISK_MAX)

/* The walk over the BAT. */
struct scan {
	struct vhdx *vhdx;
	struct findings *findings;
	uint8_t *used; /* one bit for each MiB of the file */
	uint64_t n_mib;
	struct vhdx_scan result;
	uint64_t first_block; /* the lowest offset of one */
};

static void add_error(struct scan *scan, uint64_t at, uint64_t entry, const char *what)
{
	scan->result.errors++;
	findings_add(scan->findings, FINDING_ERROR,
		     "%s: VHDX BAT entry %016" PRIx64 " at offset %" PRIu64 ": %s",
		     scan->vhdx->file->name, entry, at, what);
}

/* Marks the MiBs of a range that is inside the file. False when one was marked already. */
static bool mark(struct scan *scan, uint64_t offset, uint64_t length)
{
	uint64_t first = offset / MIB, last = (offset + length - 1) / MIB;

	for (uint64_t i = first; i <= last; i++) {
		if (scan->used[i / 8] & 1u << i % 8)
			return false;
		scan->used[i / 8] |= (uint8_t)(1u << i % 8);
	}
	return true;
}

/* n: how much of the block must be there; whole: how much belongs to it. */
static void scan_place(struct scan *scan, uint64_t at, uint64_t entry, uint64_t n, uint64_t whole)
{
	uint64_t offset = VHDX_OFFSET(entry), size = scan->vhdx->meta->size;

	if (offset < MIB || offset > size || n > size - offset || offset + n > FILE_MAX) {
		add_error(scan, at, entry, "the block is not inside the file");
		return;
	}
	scan->first_block = MIN(scan->first_block, offset);
	scan->result.end = MAX(scan->result.end, offset + whole);
	whole = MIN(whole, MIN(size, FILE_MAX) - offset);
	if (!mark(scan, offset, whole))
		add_error(scan, at, entry, "the block overlaps another structure");
}

/* A block without contents may still own space (2.5.1.1), which must not be given out again. */
static void scan_reserved(struct scan *scan, uint64_t entry)
{
	uint64_t offset = VHDX_OFFSET(entry), length = scan->vhdx->block_size;
	uint64_t size = MIN(scan->vhdx->meta->size, FILE_MAX);

	if (!offset || offset > size || length > size - offset)
		return;
	scan->result.end = MAX(scan->result.end, offset + length);
	mark(scan, offset, length);
}

static void scan_block(struct scan *scan, uint64_t block, uint64_t at, uint64_t entry)
{
	const struct vhdx *vhdx = scan->vhdx;

	switch (VHDX_STATE(entry)) {
	case VHDX_NOT_PRESENT:
		return;
	case VHDX_UNDEFINED:
	case VHDX_ZERO:
	case VHDX_UNMAPPED:
	case VHDX_UNMAPPED_095:
		scan_reserved(scan, entry);
		return;
	case VHDX_PARTIALLY_PRESENT:
		if (!vhdx->has_parent)
			add_error(scan, at, entry, "partially present, but no parent");
		scan_place(scan, at, entry, vhdx_block_used(vhdx, block), vhdx->block_size);
		return;
	case VHDX_FULLY_PRESENT:
		scan_place(scan, at, entry, vhdx_block_used(vhdx, block), vhdx->block_size);
		return;
	}
	add_error(scan, at, entry, "unknown state");
}

static int scan_chunk(struct scan *scan, uint64_t chunk, struct error **err)
{
	struct vhdx *vhdx = scan->vhdx;
	uint64_t first = chunk * vhdx->chunk_ratio, at, entry = 0;
	uint64_t end = MIN(first + vhdx->chunk_ratio, vhdx->n_blocks);
	bool needs_bitmap = false;
	int r = 0;

	for (uint64_t block = first; block < end && r == 0; block++) {
		at = vhdx_block_entry(vhdx, block);
		r = vhdx_entry_get(vhdx, at, &entry, err);
		if (r < 0)
			return r;
		scan_block(scan, block, at, entry);
		needs_bitmap |= VHDX_STATE(entry) == VHDX_PARTIALLY_PRESENT;
	}
	if (!vhdx->has_parent)
		return 0;
	at = vhdx_bitmap_entry(vhdx, chunk);
	r = vhdx_entry_get(vhdx, at, &entry, err);
	if (r < 0)
		return r;
	if (VHDX_STATE(entry) == VHDX_FULLY_PRESENT)
		scan_place(scan, at, entry, MIB, MIB);
	else if (VHDX_STATE(entry) != VHDX_NOT_PRESENT)
		add_error(scan, at, entry, "unknown state of a sector bitmap");
	else if (needs_bitmap)
		add_error(scan, at, entry, "no sector bitmap for a block that needs one");
	return 0;
}

/* Headers, log and regions; that they are disjoint was seen when they were read. */
static void mark_regions(struct scan *scan)
{
	const struct vhdx *vhdx = scan->vhdx;

	mark(scan, 0, MIB);
	mark(scan, vhdx->header.log_offset, vhdx->header.log_length);
	scan->result.end = vhdx->header.log_offset + vhdx->header.log_length;
	for (size_t i = 0; i < vhdx->n_regions; i++) {
		const struct vhdx_region *region = vhdx->regions + i;

		if (!region->length || region->offset + region->length > scan->n_mib * MIB)
			continue;
		mark(scan, region->offset, region->length);
		scan->result.end = MAX(scan->result.end, region->offset + region->length);
	}
}

static void find_leaks(const struct scan *scan)
{
	uint64_t leaked = 0, first = 0;

	/* what lies before the blocks may be kept free, and an incomplete last MiB be anything */
	for (uint64_t i = scan->first_block / MIB;
	     i < MIN(scan->n_mib, scan->vhdx->meta->size / MIB); i++) {
		if (scan->used[i / 8] & 1u << i % 8)
			continue;
		if (!leaked++)
			first = i;
	}
	if (leaked)
		findings_add(scan->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " MiB, the first at offset %" PRIu64
			     ", are unreferenced (leaked)",
			     scan->vhdx->file->name, leaked, first * (uint64_t)MIB);
}

int vhdx_scan(struct vd_image *image, struct findings *findings, struct vhdx_scan *ret,
	      struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	struct scan scan = { .vhdx = vhdx,
			     .findings = findings,
			     .n_mib = (MIN(vhdx->meta->size, FILE_MAX) + MIB - 1) / MIB,
			     .first_block = UINT64_MAX };
	int r = 0;

	scan.used = calloc(scan.n_mib / 8 + 1, 1);
	if (!scan.used)
		return error_sys(err, ENOMEM, "%s", vhdx->file->name);
	mark_regions(&scan);
	for (uint64_t chunk = 0; chunk < vhdx->n_chunks && r == 0; chunk++)
		r = scan_chunk(&scan, chunk, err);
	if (r == 0 && findings)
		find_leaks(&scan);
	free(scan.used);
	if (r < 0)
		return r;
	*ret = scan.result;
	return 0;
}

int vhdx_check(struct vd_image *image, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	const char *name = vhdx->file->name;
	struct vhdx_scan scan;

	if (vhdx->headers_differ)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: one of the two VHDX headers is damaged", name);
	if (vhdx->region_table_damaged)
		findings_add(&image->findings, FINDING_ERROR,
			     "%s: the two copies of the VHDX region table differ", name);
	return vhdx_scan(image, &image->findings, &scan, err);
}
