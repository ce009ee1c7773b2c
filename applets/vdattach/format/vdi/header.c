// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vdi/header.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"

#define V0_BYTES 420u /* where the map begins, with the data right behind it */

/* VDIHEADER0, of the betas before VirtualBox 1.0. */
static void decode_v0(const uint8_t *bytes, struct vdi_header *ret)
{
	*ret = (struct vdi_header){
		.version = get_le32(bytes + 0x44),
		.type = get_le32(bytes + 0x48),
		.map_offset = V0_BYTES,
		.sector_size = VD_SECTOR,
		.disk_size = get_le64(bytes + 0x160),
		.block_size = get_le32(bytes + 0x168),
		.blocks = get_le32(bytes + 0x16c),
		.allocated = get_le32(bytes + 0x170),
	};
	/* too many of them wrap around: the check of the map then fails */
	ret->data_offset = V0_BYTES + ret->blocks * 4;
	memcpy(ret->uuid, bytes + 0x174, VDI_UUID_BYTES);
	memcpy(ret->modified, bytes + 0x184, VDI_UUID_BYTES);
	memcpy(ret->parent, bytes + 0x194, VDI_UUID_BYTES);
}

/* Decodes VDI_HEADER_BYTES. False: they bear no VDI signature. Checks nothing else. */
static bool vdi_header_decode(const uint8_t *bytes, struct vdi_header *ret)
{
	if (get_le32(bytes + VDI_SIGNATURE_OFFSET) != VDI_SIGNATURE)
		return false;
	if (get_le16(bytes + 0x46) == 0) {
		decode_v0(bytes, ret);
		return true;
	}
	*ret = (struct vdi_header){
		.version = get_le32(bytes + 0x44),
		.type = get_le32(bytes + 0x4c),
		.map_offset = get_le32(bytes + 0x154),
		.data_offset = get_le32(bytes + 0x158),
		.sector_size = get_le32(bytes + 0x168),
		.disk_size = get_le64(bytes + 0x170),
		.block_size = get_le32(bytes + 0x178),
		.block_extra = get_le32(bytes + 0x17c),
		.blocks = get_le32(bytes + 0x180),
		.allocated = get_le32(bytes + VDI_ALLOCATED_OFFSET),
	};
	memcpy(ret->uuid, bytes + 0x188, VDI_UUID_BYTES);
	memcpy(ret->modified, bytes + VDI_MODIFIED_OFFSET, VDI_UUID_BYTES);
	memcpy(ret->parent, bytes + 0x1a8, VDI_UUID_BYTES);
	memcpy(ret->parent_modified, bytes + 0x1b8, VDI_UUID_BYTES);
	return true;
}

int vdi_header_read(struct source *source, struct vdi_header *ret, struct error **err)
{
	uint8_t bytes[VDI_HEADER_BYTES];
	int r;

	if (source->size < sizeof(bytes))
		return error_make(err, EINVAL, "%s: too short for a VDI header", source->name);
	r = source_pread(source, bytes, sizeof(bytes), 0, err);
	if (r < 0)
		return r;
	if (!vdi_header_decode(bytes, ret))
		return error_make(err, EINVAL, "%s: no VDI signature at offset 64", source->name);
	return 0;
}

const char *vdi_type_name(uint32_t type)
{
	static const char *const names[] = { "dynamic", "fixed", "undo", "differencing" };

	return type >= 1 && type <= ARRAY_SIZE(names) ? names[type - 1] : "unknown";
}

bool vdi_uuid_is_null(const uint8_t *uuid)
{
	static const uint8_t null[VDI_UUID_BYTES];

	return memcmp(uuid, null, sizeof(null)) == 0;
}

void vdi_uuid_format(const uint8_t *u, char text[static VDI_UUID_TEXT])
{
	snprintf(text, VDI_UUID_TEXT, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 get_le32(u), get_le16(u + 4), get_le16(u + 6), u[8], u[9], u[10], u[11], u[12],
		 u[13], u[14], u[15]);
}

static int vdi_check_kind(const char *name, const struct vdi_header *h, struct error **err)
{
	if (h->version >> 16 > 1)
		return error_make(err, EOPNOTSUPP,
				  "%s: VDI header: version %u.%u, expected 0.x or 1.x", name,
				  h->version >> 16, h->version & 0xffff);
	if (h->type != VDI_DYNAMIC && h->type != VDI_FIXED && h->type != VDI_DIFFERENCING)
		return error_make(err, EOPNOTSUPP,
				  "%s: VDI header: image type %u (%s), expected 1 (dynamic), 2 "
				  "(fixed) or 4 (differencing)",
				  name, h->type, vdi_type_name(h->type));
	if (h->type == VDI_DIFFERENCING && vdi_uuid_is_null(h->parent))
		return error_make(err, EINVAL,
				  "%s: VDI header: a differencing image without its parent's UUID",
				  name);
	return 0;
}

static int check_units(const char *name, const struct vdi_header *h, struct error **err)
{
	if (h->sector_size != VD_SECTOR)
		return error_make(err, EOPNOTSUPP,
				  "%s: VDI header: sectors of %u bytes, expected 512", name,
				  h->sector_size);
	if (h->block_size < VDI_BLOCK_SIZE_MIN || h->block_size > VDI_BLOCK_SIZE_MAX ||
	    h->block_size & (h->block_size - 1))
		return error_make(err, EINVAL,
				  "%s: VDI header: blocks of %u bytes, expected a power of two "
				  "from 128 KiB to 128 MiB",
				  name, h->block_size);
	if (h->block_extra % VD_SECTOR || h->block_extra > h->block_size)
		return error_make(err, EINVAL,
				  "%s: VDI header: %u extra bytes for each block, expected whole "
				  "sectors, at most a block",
				  name, h->block_extra);
	if (h->disk_size < VD_SECTOR || h->disk_size / h->block_size > UINT32_MAX - 2)
		return error_make(err, EINVAL,
				  "%s: VDI header: disk of %" PRIu64 " bytes is impossible", name,
				  h->disk_size);
	if ((uint64_t)h->blocks * h->block_size < h->disk_size)
		return error_make(err, EINVAL,
				  "%s: VDI header: %u blocks of %u bytes cannot hold a disk of "
				  "%" PRIu64 " bytes",
				  name, h->blocks, h->block_size, h->disk_size);
	return 0;
}

int vdi_header_check(const struct source *source, const struct vdi_header *h, struct error **err)
{
	uint64_t map_end = h->map_offset + (uint64_t)h->blocks * 4;
	const char *name = source->name;
	int r;

	r = vdi_check_kind(name, h, err);
	if (!r)
		r = check_units(name, h, err);
	if (r < 0)
		return r;
	if (h->version >> 16 && (h->map_offset < VDI_HEADER_BYTES || h->map_offset % VD_SECTOR ||
				 h->data_offset % VD_SECTOR))
		return error_make(err, EINVAL,
				  "%s: VDI header: block map at offset %u and data at %u, expected "
				  "whole sectors behind the header",
				  name, h->map_offset, h->data_offset);
	if (map_end > h->data_offset)
		return error_make(err, EINVAL,
				  "%s: VDI header: block map of %u entries at offset %u runs into "
				  "the data at %u",
				  name, h->blocks, h->map_offset, h->data_offset);
	if (map_end > source->size)
		return error_make(err, EINVAL,
				  "%s: VDI header: block map of %u entries at offset %u does not "
				  "fit into the file of %" PRIu64 " bytes",
				  name, h->blocks, h->map_offset, source->size);
	return 0;
}
