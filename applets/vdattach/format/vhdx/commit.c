// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changed pages reach the file through the log (2.3):
 *
 *	flush		data, and the pages of the commit before, are durable
 *	log entry	one, with all pages that wait
 *	flush		the entry is durable: the guest's flush is answered
 *	pages		to their places, without waiting
 *
 * The header names the log only once its first entry is durable: until then
 * the first flush is not needed, and a second one for the header is. An entry
 * never overlaps the one before, which stays valid until this one is durable,
 * and by then the pages of that one are in place: so each entry is its own tail.
 */
#include <errno.h>
#include <string.h>

#include "applets/vdattach/format/common/crc32c.h"
#include "applets/vdattach/format/vhdx/vhdx.h"

#define SECTOR	     4096u
#define ENTRY_HEADER 64u
#define DESCRIPTOR   32u

#define SIGNATURE_ENTRY	     0x65676f6cu /* "loge" */
#define SIGNATURE_DESCRIPTOR 0x63736564u /* "desc" */
#define SIGNATURE_DATA	     0x61746164u /* "data" */

_Static_assert(ENTRY_HEADER + VHDX_DIRTY_MAX * DESCRIPTOR <= SECTOR, "one descriptor sector");
_Static_assert(2 * (VHDX_DIRTY_MAX + 1) * SECTOR <= MIB, "two entries fit in the smallest log");

static int write_sector(struct vhdx *vhdx, uint64_t i, const uint8_t *b, struct error **err)
{
	const struct vhdx_header *h = &vhdx->header;
	uint64_t at = (vhdx->log_at + i * SECTOR) % h->log_length;

	return source_pwrite(vhdx->file, b, SECTOR, h->log_offset + at, err);
}

static void make_header(const struct vhdx *vhdx, uint8_t *b)
{
	unsigned int n = vhdx->pages.n_dirty;

	memset(b, 0, SECTOR);
	put_le32(b, SIGNATURE_ENTRY);
	put_le32(b + 8, (n + 1) * SECTOR);
	put_le32(b + 12, (uint32_t)vhdx->log_at);
	put_le64(b + 16, vhdx->log_sequence);
	put_le32(b + 24, n);
	memcpy(b + 32, vhdx->log_guid, VHDX_GUID);
	put_le64(b + 48, vhdx->tail.end);
	put_le64(b + 56, vhdx->tail.end);
	for (unsigned int i = 0; i < n; i++) {
		uint8_t *d = b + ENTRY_HEADER + (size_t)i * DESCRIPTOR;
		uint64_t offset;
		const uint8_t *page = vhdx_pages_dirty(&vhdx->pages, i, &offset);

		put_le32(d, SIGNATURE_DESCRIPTOR);
		memcpy(d + 4, page + SECTOR - 4, 4);
		memcpy(d + 8, page, 8);
		put_le64(d + 16, offset);
		put_le64(d + 24, vhdx->log_sequence);
	}
}

/* 2.3.1.4: a page with its ends replaced; those are in the descriptor. */
static void make_data(const struct vhdx *vhdx, const uint8_t *page, uint8_t *b)
{
	memcpy(b, page, SECTOR);
	put_le32(b, SIGNATURE_DATA);
	put_le32(b + 4, (uint32_t)(vhdx->log_sequence >> 32));
	put_le32(b + SECTOR - 4, (uint32_t)vhdx->log_sequence);
}

static int vhdx_write_entry(struct vhdx *vhdx, struct error **err)
{
	uint8_t header[SECTOR], data[SECTOR];
	uint32_t crc;
	int r = 0;

	make_header(vhdx, header);
	crc = crc32c(0, header, SECTOR);
	for (unsigned int i = 0; i < vhdx->pages.n_dirty && r == 0; i++) {
		uint64_t offset;

		make_data(vhdx, vhdx_pages_dirty(&vhdx->pages, i, &offset), data);
		crc = crc32c(crc, data, SECTOR);
		r = write_sector(vhdx, i + 1, data, err);
	}
	put_le32(header + 4, crc);
	return r < 0 ? r : write_sector(vhdx, 0, header, err);
}

static int write_in_place(struct vhdx *vhdx, struct error **err)
{
	int r = 0;

	for (unsigned int i = 0; i < vhdx->pages.n_dirty && r == 0; i++) {
		uint64_t offset;
		const uint8_t *page = vhdx_pages_dirty(&vhdx->pages, i, &offset);

		r = source_pwrite(vhdx->file, page, VHDX_PAGE, offset, err);
	}
	return r;
}

/* The header names this session's log, whose first entry is durable. */
static int name_log(struct vhdx *vhdx, struct error **err)
{
	int r;

	if (!vhdx_guid_is_zero(vhdx->header.log_guid))
		return 0;
	memcpy(vhdx->header.log_guid, vhdx->log_guid, VHDX_GUID);
	r = vhdx_header_write(vhdx, err);
	if (r < 0)
		memset(vhdx->header.log_guid, 0, VHDX_GUID);
	return r;
}

static int commit(struct vhdx *vhdx, struct error **err)
{
	int r = 0;

	/* from its second entry on, the log may be in use, even if naming it seemed to fail */
	if (vhdx->log_sequence > 1)
		r = source_flush(vhdx->file, err);
	if (r == 0)
		r = vhdx_write_entry(vhdx, err);
	if (r == 0)
		r = source_flush(vhdx->file, err);
	if (r < 0)
		return r;
	vhdx->log_at = (vhdx->log_at + (vhdx->pages.n_dirty + 1) * (uint64_t)SECTOR) %
		       vhdx->header.log_length;
	vhdx->log_sequence++;
	r = name_log(vhdx, err);
	if (r < 0)
		return r;
	vhdx->in_log_only = true;
	r = write_in_place(vhdx, err);
	if (r < 0)
		return r;
	vhdx->in_log_only = false;
	vhdx_pages_clean(&vhdx->pages);
	return 0;
}

int vhdx_flush(struct vd_image *image, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);

	if (vhdx->pages.n_dirty == 0)
		return source_flush(vhdx->file, err);
	vhdx_pages_sort(&vhdx->pages);
	return commit(vhdx, err);
}

int vhdx_finish(struct vd_image *image, struct error **err)
{
	struct vhdx *vhdx = to_vhdx(image);
	int r;

	if (vhdx->in_log_only || vhdx_guid_is_zero(vhdx->header.log_guid))
		return 0;
	r = source_flush(vhdx->file, err);
	if (r < 0)
		return r;
	memset(vhdx->header.log_guid, 0, VHDX_GUID);
	return vhdx_header_write(vhdx, err);
}
