// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/crc32c.h"
#include "applets/vdattach/format/vhdx/vhdx.h"

#define REGION_TABLE_SIZE 65536u
#define REGION_REQUIRED	  1u

static const uint64_t header_offset[2] = { 64 * KIB, 128 * KIB };
static const uint64_t region_table_offset[2] = { 192 * KIB, 256 * KIB };

/* 2.2.3.2 */
static const uint8_t bat_guid[VHDX_GUID] = { 0x66, 0x77, 0xc2, 0x2d, 0x23, 0xf6, 0x00, 0x42,
					     0x9d, 0x64, 0x11, 0x5e, 0x9b, 0xfd, 0x4a, 0x08 };
static const uint8_t metadata_guid[VHDX_GUID] = { 0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b,
						  0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e };

/* The checksum over bytes is at offset 4 and counts as zero. */
static bool checksum_is_right(uint8_t *bytes, size_t n)
{
	uint32_t stored = get_le32(bytes + 4);
	bool right;

	put_le32(bytes + 4, 0);
	right = crc32c(0, bytes, n) == stored;
	put_le32(bytes + 4, stored);
	return right;
}

static int read_copy(struct source *file, unsigned int slot, struct vhdx_header *ret, bool *valid,
		     struct error **err)
{
	uint8_t *b = ret->bytes;
	int r;

	r = source_pread(file, b, VHDX_HEADER_SIZE, header_offset[slot], err);
	if (r < 0)
		return r;
	*valid = memcmp(b, "head", 4) == 0 && checksum_is_right(b, VHDX_HEADER_SIZE);
	ret->slot = slot;
	ret->sequence = get_le64(b + 8);
	memcpy(ret->file_write_guid, b + 16, VHDX_GUID);
	memcpy(ret->data_write_guid, b + 32, VHDX_GUID);
	memcpy(ret->log_guid, b + 48, VHDX_GUID);
	ret->log_version = get_le16(b + 64);
	ret->version = get_le16(b + 66);
	ret->log_length = get_le32(b + 68);
	ret->log_offset = get_le64(b + 72);
	return 0;
}

static int vhdx_check_header(const struct vhdx *vhdx, struct error **err)
{
	const struct vhdx_header *h = &vhdx->header;
	const char *name = vhdx->file->name;

	if (h->version != 1)
		return error_make(err, EOPNOTSUPP, "%s: VHDX header: version %u, expected 1", name,
				  h->version);
	if (h->log_offset % MIB || h->log_length % MIB || h->log_offset < MIB || !h->log_length ||
	    h->log_offset > vhdx->file->size || h->log_length > vhdx->file->size - h->log_offset)
		return error_make(err, EINVAL,
				  "%s: VHDX header at offset %" PRIu64
				  ": log of %u bytes at %" PRIu64 " is not inside the file",
				  name, header_offset[h->slot], h->log_length, h->log_offset);
	if (h->log_version != 0 && !vhdx_guid_is_zero(h->log_guid))
		return error_make(err, EOPNOTSUPP, "%s: VHDX header: log version %u, expected 0",
				  name, h->log_version);
	return 0;
}

int vhdx_header_read(struct vhdx *vhdx, struct error **err)
{
	_cleanup_free_ struct vhdx_header *copies = calloc(2, sizeof(*copies));
	const struct source *file = vhdx->file;
	bool valid[2] = { false, false };
	unsigned int newest;
	int r = 0;

	if (!copies)
		return error_sys(err, ENOMEM, "%s", file->name);
	if (file->size < MIB)
		return error_make(err, EINVAL, "%s: %" PRIu64 " bytes are too few for a VHDX",
				  file->name, file->size);
	for (unsigned int i = 0; i < 2 && r == 0; i++)
		r = read_copy(vhdx->file, i, copies + i, valid + i, err);
	if (r < 0)
		return r;
	if (!valid[0] && !valid[1])
		return error_make(err, EINVAL,
				  "%s: both VHDX headers (at offsets 65536 and 131072) are damaged",
				  file->name);
	newest = !valid[0] || (valid[1] && copies[1].sequence > copies[0].sequence);
	/* Disk2VHD writes the same header twice */
	if (valid[0] && valid[1] && copies[0].sequence == copies[1].sequence &&
	    memcmp(copies[0].bytes, copies[1].bytes, VHDX_HEADER_SIZE) != 0)
		return error_make(err, EINVAL,
				  "%s: two different VHDX headers with sequence number %" PRIu64,
				  file->name, copies[0].sequence);
	vhdx->headers_differ = !valid[0] || !valid[1];
	vhdx->header = copies[newest];
	return vhdx_check_header(vhdx, err);
}

int vhdx_header_write(struct vhdx *vhdx, struct error **err)
{
	struct vhdx_header *h = &vhdx->header;
	unsigned int slot = !h->slot;
	int r;

	put_le32(h->bytes + 4, 0);
	put_le64(h->bytes + 8, h->sequence + 1);
	memcpy(h->bytes + 16, h->file_write_guid, VHDX_GUID);
	memcpy(h->bytes + 32, h->data_write_guid, VHDX_GUID);
	memcpy(h->bytes + 48, h->log_guid, VHDX_GUID);
	put_le32(h->bytes + 4, crc32c(0, h->bytes, VHDX_HEADER_SIZE));
	r = source_pwrite(vhdx->file, h->bytes, VHDX_HEADER_SIZE, header_offset[slot], err);
	if (r == 0)
		r = source_flush(vhdx->file, err);
	if (r < 0)
		return r;
	h->slot = slot;
	h->sequence++;
	return 0;
}

static int bad_region(const struct vhdx *vhdx, const struct vhdx_region *region, const char *what,
		      struct error **err)
{
	return error_make(err, EINVAL,
			  "%s: VHDX region of %" PRIu64 " bytes at offset %" PRIu64 " %s",
			  vhdx->file->name, region->length, region->offset, what);
}

static bool touch(const struct vhdx_region *a, const struct vhdx_region *b)
{
	return a->offset < b->offset + b->length && b->offset < a->offset + a->length;
}

static int check_region(const struct vhdx *vhdx, const struct vhdx_region *region,
			struct error **err)
{
	const struct vhdx_region log = { vhdx->header.log_offset, vhdx->header.log_length };

	if (region->offset < MIB || region->offset % MIB || region->length % MIB)
		return bad_region(vhdx, region, "is not aligned to 1 MiB", err);
	if (region->offset > vhdx->meta->size || region->length > vhdx->meta->size - region->offset)
		return bad_region(vhdx, region, "is not inside the file", err);
	if (touch(region, &log))
		return bad_region(vhdx, region, "overlaps the log", err);
	for (size_t i = 0; i < vhdx->n_regions; i++) {
		if (touch(region, vhdx->regions + i))
			return bad_region(vhdx, region, "overlaps another", err);
	}
	return 0;
}

static int add_region(struct vhdx *vhdx, const uint8_t *entry, struct error **err)
{
	struct vhdx_region region = { get_le64(entry + 16), get_le32(entry + 24) };
	bool is_bat = memcmp(entry, bat_guid, VHDX_GUID) == 0;
	bool is_metadata = memcmp(entry, metadata_guid, VHDX_GUID) == 0;
	char text[VHDX_GUID_TEXT];
	int r;

	if (!is_bat && !is_metadata && get_le32(entry + 28) & REGION_REQUIRED) {
		vhdx_guid_text(entry, text);
		return error_make(err, EOPNOTSUPP,
				  "%s: VHDX region %s at offset %" PRIu64
				  " is required, but not known to this version",
				  vhdx->file->name, text, region.offset);
	}
	r = check_region(vhdx, &region, err);
	if (r < 0)
		return r;
	if ((is_bat && vhdx->bat.length) || (is_metadata && vhdx->metadata.length))
		return bad_region(vhdx, &region, "has the type of another", err);
	if (is_bat)
		vhdx->bat = region;
	if (is_metadata)
		vhdx->metadata = region;
	vhdx->regions[vhdx->n_regions++] = region;
	return 0;
}

static int parse_regions(struct vhdx *vhdx, const uint8_t *table, struct error **err)
{
	uint32_t n = get_le32(table + 8);
	int r = 0;

	if (n > VHDX_REGIONS_MAX)
		return error_make(err, EINVAL,
				  "%s: VHDX region table: %u entries, expected at most %u",
				  vhdx->file->name, n, VHDX_REGIONS_MAX);
	vhdx->regions = calloc(n + 1, sizeof(*vhdx->regions));
	if (!vhdx->regions)
		return error_sys(err, ENOMEM, "%s", vhdx->file->name);
	for (uint32_t i = 0; i < n && r == 0; i++)
		r = add_region(vhdx, table + 16 + (size_t)i * 32, err);
	if (r < 0)
		return r;
	if (!vhdx->bat.length || !vhdx->metadata.length)
		return error_make(err, EINVAL, "%s: VHDX region table names no %s region",
				  vhdx->file->name, vhdx->bat.length ? "metadata" : "BAT");
	return 0;
}

int vhdx_regions_read(struct vhdx *vhdx, struct error **err)
{
	_cleanup_free_ uint8_t *copies = malloc(2 * REGION_TABLE_SIZE);
	bool valid[2];

	if (!copies)
		return error_sys(err, ENOMEM, "%s", vhdx->file->name);
	for (unsigned int i = 0; i < 2; i++) {
		uint8_t *b = copies + (size_t)i * REGION_TABLE_SIZE;
		int r = source_pread(vhdx->meta, b, REGION_TABLE_SIZE, region_table_offset[i], err);

		if (r < 0)
			return r;
		valid[i] = memcmp(b, "regi", 4) == 0 && checksum_is_right(b, REGION_TABLE_SIZE);
	}
	if (!valid[0] && !valid[1])
		return error_make(
			err, EINVAL,
			"%s: both VHDX region tables (at offsets 196608 and 262144) are damaged",
			vhdx->file->name);
	vhdx->region_table_damaged =
		!valid[0] || !valid[1] ||
		memcmp(copies, copies + REGION_TABLE_SIZE, REGION_TABLE_SIZE) != 0;
	return parse_regions(vhdx, copies + (valid[0] ? 0 : REGION_TABLE_SIZE), err);
}
