/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VHD footer: "Virtual Hard Disk Image Format Specification", version 1.0, Microsoft 2006. */
#ifndef VDATTACH_FORMAT_VHD_H
#define VDATTACH_FORMAT_VHD_H

#include <stdbool.h>

#include "common/macro.h"

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
	bool saved_state; /* the machine that uses the disk is suspended */
};

/* Decodes VHD_FOOTER_SIZE bytes. False when the cookie is not there; nothing else is checked. */
bool vhd_footer_decode(const uint8_t *bytes, struct vhd_footer *ret) _nonnull_(1, 2);

/* "fixed", "dynamic", "differencing" or "unknown". */
const char *vhd_type_name(uint32_t type);

/*
 * The size that the guest saw, in bytes. Always current_size, but for disks
 * made by Virtual PC ("vpc "), whose guests saw the CHS geometry, unless that
 * is at its maximum. (qemu's block/vpc.c takes CHS for every creator that it
 * does not know, which cuts the end off VirtualBox disks.)
 */
uint64_t vhd_virtual_size(const struct vhd_footer *footer) _nonnull_(1);

#endif
