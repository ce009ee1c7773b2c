/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VirtualBox disk images: the header. Layout: VDIPREHEADER and VDIHEADER1PLUS of VirtualBox's
 * VDICore.h. */
#ifndef APPLETS_VDATTACH_FORMAT_VDI_HEADER_H
#define APPLETS_VDATTACH_FORMAT_VDI_HEADER_H

#include "applets/vdattach/format/format.h"

#define VDI_SIGNATURE	     0xbeda107fu
#define VDI_SIGNATURE_OFFSET 0x40u
#define VDI_ALLOCATED_OFFSET 0x184u /* the counter of allocated blocks */
#define VDI_MODIFIED_OFFSET  0x198u /* the UUID of the last modification */
#define VDI_HEADER_BYTES     0x1c8u /* up to the parent's UUIDs; what follows is geometry */
#define VDI_UUID_BYTES	     16u

#define VDI_BLOCK_SIZE_MIN (128 * KIB)
#define VDI_BLOCK_SIZE_MAX (128 * MIB)

enum vdi_type {
	VDI_DYNAMIC = 1,
	VDI_FIXED = 2,
	VDI_UNDO = 3,
	VDI_DIFFERENCING = 4,
};

/* Values of the block map that are no slot. */
#define VDI_FREE 0xffffffffu /* never written: the parent's bytes, or zeros */
#define VDI_ZERO 0xfffffffeu /* zeros, whatever the parent has */

struct vdi_header {
	uint32_t version; /* major << 16 | minor */
	uint32_t type;	  /* enum vdi_type */
	uint32_t map_offset, data_offset;
	uint32_t sector_size;
	uint64_t disk_size;
	uint32_t block_size;
	uint32_t block_extra; /* bytes in front of each block that are not the guest's */
	uint32_t blocks;
	uint32_t allocated;
	uint8_t uuid[VDI_UUID_BYTES], modified[VDI_UUID_BYTES];
	uint8_t parent[VDI_UUID_BYTES], parent_modified[VDI_UUID_BYTES];
};

/* Reads and decodes the header of source. -EINVAL: it has none. */
int vdi_header_read(struct source *source, struct vdi_header *ret, struct error **err) _must_check_
	_nonnull_(1, 2);

/*
 * What must hold before anything is computed from the header: kinds, sizes, and
 * tables inside the file. -EOPNOTSUPP or -EINVAL with *err naming the field.
 */
int vdi_header_check(const struct source *source, const struct vdi_header *header,
		     struct error **err) _must_check_ _nonnull_(1, 2);

/* "fixed", "dynamic", "differencing", "undo" or "unknown". */
const char *vdi_type_name(uint32_t type);

/* Whether all bytes of the UUID are zero: there is none. */
bool vdi_uuid_is_null(const uint8_t *uuid) _nonnull_(1);

#define VDI_UUID_TEXT 37
/* The UUID as VirtualBox prints it: the first three fields are little-endian on disk. */
void vdi_uuid_format(const uint8_t *uuid, char text[static VDI_UUID_TEXT]) _nonnull_(1);

#endif
