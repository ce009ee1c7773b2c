/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VHDX images written field by field from [MS-VHDX], among them what qemu-img
 * cannot make: children of other images, sector bitmaps, logs in any state.
 */
#ifndef TESTS_UNIT_VDATTACH_VHDX_VHDX_MAKE_H
#define TESTS_UNIT_VDATTACH_VHDX_VHDX_MAKE_H

#include "applets/vdattach/format/common/crc32c.h"
#include "common/bytes.h"
#include "tests/unit/vdattach/fake/world.h"

#define VX_LOG	    MIB
#define VX_METADATA (2 * MIB)
#define VX_BAT	    (3 * MIB)
#define VX_BLOCKS   (4 * MIB)

enum { VX_NOT_PRESENT, VX_UNDEFINED, VX_ZERO, VX_UNMAPPED, VX_FULL = 6, VX_PARTIAL = 7 };

struct vx {
	uint64_t size;
	uint32_t block_size, sector_size; /* 0 = 1 MiB, 512 */
	uint8_t id;			  /* every byte of the DataWriteGuid */
	bool fixed;
	const char *parent; /* relative_path */
	uint8_t parent_id;
	bool linkage2; /* the parent's id is in parent_linkage2 only */
};

/* Stores the checksum over n bytes into offset 4 of them. */
void vx_sign(uint8_t *b, size_t n);

void vx_header(struct world *w, unsigned int f, unsigned int slot, uint64_t sequence, uint8_t id,
	       uint8_t log_id);

#define VX_GUID_BAT	 "\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08"
#define VX_GUID_METADATA "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"

/* extra: 0 none, 1 an unknown region, 2 an unknown one that is required. */
void vx_regions(struct world *w, unsigned int f, unsigned int slot, int extra);

/* Adds an image without blocks. Returns its file. */
unsigned int vx_make(struct world *w, const char *name, const struct vx *vx);

/* Entry index of the BAT. */
void vx_bat(struct world *w, unsigned int f, uint64_t index, uint64_t offset, int state);

/* Gives an entry of the BAT a block of n bytes at the end of the file. Returns where it is. */
uint64_t vx_block(struct world *w, unsigned int f, uint64_t index, uint64_t n, int state,
		  char mark);

/*
 * A log entry of one page (4096 bytes) for target, at sector of the log. Returns the sector
 * behind it. flushed: what it says of the size of the file.
 */
uint32_t vx_log_page(struct world *w, unsigned int f, uint32_t sector, uint32_t tail,
		     uint64_t sequence, uint8_t log_id, uint64_t target, const uint8_t *page,
		     uint64_t flushed);

/* A log entry that wants n zeros at target. */
uint32_t vx_log_zero(struct world *w, unsigned int f, uint32_t sector, uint32_t tail,
		     uint64_t sequence, uint8_t log_id, uint64_t target, uint64_t n,
		     uint64_t flushed);

#endif
