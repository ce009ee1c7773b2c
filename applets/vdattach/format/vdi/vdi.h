/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the VDI format share. */
#ifndef APPLETS_VDATTACH_FORMAT_VDI_VDI_H
#define APPLETS_VDATTACH_FORMAT_VDI_VDI_H

#include "applets/vdattach/format/common/blockmap.h"
#include "applets/vdattach/format/common/slots.h"
#include "applets/vdattach/format/vdi/header.h"

struct vdi_state {
	struct vdi_header header;
	struct blockmap *map; /* over the block map: entry i says where guest block i is */
	uint64_t slot_size;   /* block_extra + block_size */
	uint32_t slots;	      /* at most so many, in use or not */
	/* Writable images only: */
	struct tail tail;
	struct slots used;    /* as found at open */
	uint64_t next_hole;   /* none below it */
	uint64_t holes_end;   /* top at open: what came later is the tail's, whatever used says */
	uint64_t top;	      /* slots below the tail */
	bool counter_changed; /* the header says less than top */
	uint8_t *buffer;      /* VDI_COPY_BYTES, for copying blocks */
};

#define VDI_SLOTS_MAX  (64u << 20) /* where there are more of them than blocks: 8 MiB of bits */
#define VDI_COPY_BYTES (64 * KIB)

/* What a walk over the block map found. */
struct vdi_usage {
	struct slots slots; /* owned */
	uint64_t used;	    /* entries with a slot */
	uint64_t top;	    /* highest slot + 1 */
};

/* Where the guest's bytes of a slot begin in the file. */
static inline uint64_t vdi_slot_offset(const struct vdi_state *state, uint32_t slot)
{
	return state->header.data_offset + slot * state->slot_size + state->header.block_extra;
}

/* How many bytes of the block belong to the disk: all but in the last one. 0 behind the end. */
static inline uint64_t vdi_block_bytes(const struct vd_image *image, uint64_t block)
{
	uint64_t start = block * image->block_size;

	return start < image->size ? MIN(image->block_size, image->size - start) : 0;
}

/* Whether the entry's slot may exist and its guest bytes are inside the file. */
bool vdi_slot_is_inside(const struct vd_image *image, uint64_t block, uint32_t slot) _nonnull_(1);

/*
 * Walks the whole block map. What contradicts the format goes to findings
 * (FINDING_ERROR). 0 or -errno when the map cannot be read.
 */
int vdi_survey(struct vd_image *image, struct vdi_usage *ret, struct findings *findings,
	       struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* Prepares for writing; -EROFS when the map is damaged. */
int vdi_write_open(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

extern const struct vd_write_ops vdi_write_ops;
int vdi_flush(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);
int vdi_check(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

#endif
