/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The binary header of sparse VMDK extents. Sources: VMware "Virtual Disk Format 5.0",
 * SparseExtentHeader; "Virtual Disk Format 1.1", COWDisk_Header (ESX: extents of type VMFSSPARSE);
 * qemu's block/vmdk.c for SESPARSE, which VMware does not document.
 */
#ifndef APPLETS_VDATTACH_FORMAT_VMDK_HEADER_H
#define APPLETS_VDATTACH_FORMAT_VMDK_HEADER_H

#include "applets/vdattach/format/format.h"

#define VMDK_MAGIC		 "KDMV"
#define VMDK_COWD_MAGIC		 "COWD"
#define VMDK_SE_MAGIC		 "\xbe\xba\xfe\xca\0\0\0\0\1\0\0\0\2\0\0\0" /* and version 2.1 */
#define VMDK_SE_MAGIC_BYTES	 16u
#define VMDK_UNCLEAN_OFFSET	 72u
#define VMDK_GRAINS_PER_TABLE	 512u
#define VMDK_TABLE_BYTES	 (4 * VMDK_GRAINS_PER_TABLE)
#define VMDK_GRAIN_SECTORS_MIN	 8u
#define VMDK_GRAIN_SECTORS_MAX	 2048u
#define VMDK_DIRECTORY_IN_FOOTER UINT64_MAX

enum vmdk_flags {
	VMDK_FLAG_NEWLINE = 1 << 0,    /* the newline test bytes are valid */
	VMDK_FLAG_REDUNDANT = 1 << 1,  /* the second set of tables is in use */
	VMDK_FLAG_ZERO_GRAIN = 1 << 2, /* table entry 1 means: zeros */
	VMDK_FLAG_COMPRESSED = 1 << 16,
	VMDK_FLAG_MARKERS = 1 << 17,
};

enum vmdk_kind {
	VMDK_HOSTED, /* the only one that is written */
	VMDK_COWD,
	VMDK_SE,
};

/* Offsets and sizes in sectors, as on the disk. */
struct vmdk_header {
	enum vmdk_kind kind;
	uint32_t version, flags;
	uint64_t capacity, grain;
	uint64_t descriptor_offset, descriptor_size;
	uint32_t grains_per_table;
	uint64_t redundant_offset, directory_offset, overhead;
	bool unclean;
	bool child; /* not of VMDK_HOSTED: may continue another disk */
	uint8_t newline[4];
	uint16_t compression; /* 0 none, 1 deflate */
	/* VMDK_SE: */
	uint64_t volatile_offset, tables_offset, grains_offset;
};

/* Decodes 512 bytes, of whichever kind. False: no magic. Checks nothing else. */
bool vmdk_header_decode(const uint8_t *bytes, struct vmdk_header *ret) _nonnull_(1, 2);

/*
 * Reads the header of source; one that points to a footer is replaced by that.
 * Checks what can be checked without the tables. -EINVAL or -EOPNOTSUPP with
 * *err naming the field.
 */
int vmdk_header_read(struct source *source, struct vmdk_header *ret,
		     struct error **err) _must_check_ _nonnull_(1, 2);

/* Number of grain tables. */
static inline uint64_t vmdk_table_count(const struct vmdk_header *header)
{
	uint64_t span = header->grain * header->grains_per_table;

	return header->capacity / span + (header->capacity % span != 0);
}

#endif
