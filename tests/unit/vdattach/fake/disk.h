/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks in memory for the tests of parsers, written field by field from the specifications. */
#ifndef TESTS_UNIT_VDATTACH_FAKE_DISK_H
#define TESTS_UNIT_VDATTACH_FAKE_DISK_H

#include <string.h>

#include "applets/vdattach/source/source.h"
#include "common/bytes.h"

void mbr_entry(uint8_t *sector, unsigned int i, uint8_t type, uint32_t start, uint32_t count);

uint32_t crc32_of(const uint8_t *p, size_t n);

/* One entry, in primary and backup array; sign with gpt_sign() afterwards. */
void gpt_entry(uint8_t *disk, size_t size, uint32_t sector_size, unsigned int i, uint64_t first,
	       uint64_t last, const char *name);

void gpt_sign(uint8_t *disk, size_t size, uint32_t sector_size);

/* A VHD footer with a right checksum, for a disk of size bytes. */
void vhd_footer(uint8_t *f, uint32_t type, uint64_t size, const char *creator);

/* Changes the footer's geometry and signs it again. */
void vhd_geometry(uint8_t *f, uint16_t cylinders, uint8_t heads, uint8_t sectors);

#endif
