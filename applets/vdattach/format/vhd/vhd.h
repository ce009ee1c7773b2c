/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VHD: "Virtual Hard Disk Image Format Specification", version 1.0, Microsoft 2006. */
#ifndef APPLETS_VDATTACH_FORMAT_VHD_VHD_H
#define APPLETS_VDATTACH_FORMAT_VHD_VHD_H

#include <stdbool.h>

#include "applets/vdattach/format/common/blockmap.h"
#include "applets/vdattach/format/format.h"

#define VHD_COOKIE	"conectix"
#define VHD_FOOTER_SIZE 512u
#define VHD_OLD_FOOTER	511u /* written before Virtual PC 2004 */

enum vhd_type { VHD_FIXED = 2, VHD_DYNAMIC = 3, VHD_DIFFERENCING = 4 };

struct vhd_footer {
	uint32_t version; /* major << 16 | minor */
	uint64_t data_offset;
	uint8_t creator[4];
	uint64_t original_size, current_size; /* bytes */
	uint64_t chs_size;		      /* bytes by cylinders x heads x sectors */
	bool chs_is_maximum; /* 65535 x 16 x 255: the disk may be larger than CHS can say */
	uint32_t type;	     /* enum vhd_type */
	uint32_t checksum, checksum_expected;
	uint8_t id[16];
	bool saved_state; /* the machine that uses the disk is suspended */
};

#define VHD_HEADER_COOKIE "cxsparse"
#define VHD_HEADER_SIZE	  1024u
#define VHD_LOCATORS	  8u
#define VHD_UNUSED	  UINT32_MAX /* table entry of a block that was never written */

/* The sparse header of dynamic and differencing disks. */
struct vhd_header {
	uint64_t table_offset;
	uint32_t version;
	uint32_t entries;    /* of the block allocation table */
	uint32_t block_size; /* bytes of data, without the sector bitmap before them */
	uint32_t checksum, checksum_expected;
	uint8_t parent_id[16];
	uint8_t parent_name[512]; /* UTF-16BE */
	struct vhd_locator {
		uint8_t code[4];
		uint32_t reserved, length; /* bytes */
		uint64_t offset;
	} locators[VHD_LOCATORS];
};

/* An open VHD. Of fixed disks only the footer counts. */
struct vhd {
	struct vhd_footer footer;
	uint8_t footer_bytes[VHD_FOOTER_SIZE]; /* for the next place of the footer */
	uint32_t footer_length;		       /* at the end of the file; 0: none that is good */
	bool head_good;			       /* the copy at 0 is whole */
	bool at_end; /* the footer stands at tail.end, nothing behind it */
	struct vhd_header header;
	uint32_t bitmap_size; /* bytes before each block's data, a multiple of 512 */
	struct blockmap *map; /* table and sector bitmaps; NULL = fixed */
	struct tail tail;
	uint64_t unused; /* at open: bytes before tail.end that nothing refers to */
};

/* Whether source is a VHD with this id (16 bytes) in a footer that is not damaged. */
bool vhd_has_id(const void *id, struct source *source) _nonnull_(1, 2);

/* One's complement of the sum of n bytes, those of the checksum field at skip left out. */
uint32_t vhd_checksum(const uint8_t *bytes, size_t n, size_t skip) _nonnull_(1);

/*
 * format/vhd/header.c: reads the sparse header and the whole table of a dynamic or differencing
 * disk, and sets what depends on them. Damage is refused for writing and a finding for reading
 * only.
 */
int vhd_header_open(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* format/vhd/dynamic.c: where a block is, and giving it a place. As in struct vd_format_ops. */
int vhd_dynamic_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		       struct error **err) _must_check_ _nonnull_(1, 3);
int vhd_dynamic_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		       struct error **err) _must_check_ _nonnull_(1, 2);

/* format/vhd/parent.c: the parent of a differencing disk. As in struct vd_format_ops. */
int vhd_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err) _must_check_
	_nonnull_(1, 2);
int vhd_matches_parent(struct vd_image *image, struct vd_image *candidate,
		       struct error **err) _must_check_ _nonnull_(1, 2);

#endif
