// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing VDI. Order: data and the header's counter, flush, block map, flush.
 * The counter is durable before the map because other programs allocate by it:
 * too high it wastes a slot, too low it makes them overwrite a block.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vbox-uuid.h"
#include "applets/vdattach/format/vdi/vdi.h"

static int refuse_damage(struct vd_image *image, const struct findings *findings,
			 struct error **err)
{
	if (!findings->count[FINDING_ERROR])
		return 0;
	return error_make(err, EROFS, "%s: damaged, attach it read-only (-r)",
			  findings->n ? findings->items[0].text : image->source->name);
}

int vdi_write_open(struct vd_image *image, struct error **err)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	struct vdi_state *state = image->state;
	struct vdi_usage usage;
	int r;

	r = vdi_survey(image, &usage, &findings, err);
	if (r < 0)
		return r;
	state->used = usage.slots;
	state->top = usage.top;
	state->counter_changed = state->header.allocated < usage.top;
	state->holes_end = usage.used == usage.top ? 0 : usage.top;
	state->tail.source = image->source;
	state->tail.end = state->header.data_offset + usage.top * state->slot_size;
	state->buffer = malloc(VDI_COPY_BYTES);
	if (!state->buffer)
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	return refuse_damage(image, &findings, err);
}

/* A slot that is free since open. Holes are what power cuts leave; filling them first heals. */
static bool take_hole(struct vdi_state *state, uint32_t *ret)
{
	uint64_t hole = slots_next_free(&state->used, state->next_hole);

	state->next_hole = hole;
	if (hole >= state->holes_end)
		return false;
	*ret = (uint32_t)hole;
	return true;
}

static int take_tail(struct vd_image *image, uint32_t *ret, struct error **err)
{
	struct vdi_state *state = image->state;
	uint64_t offset = 0;
	int r;

	if (state->top >= state->header.blocks)
		return error_make(err, ENOSPC, "%s: all %u slots for blocks are in use",
				  image->source->name, state->header.blocks);
	r = tail_grow(&state->tail, VD_SECTOR, state->slot_size, &offset, err);
	if (r == 0)
		*ret = (uint32_t)state->top++;
	return r;
}

static void vdi_give_back(struct vdi_state *state, uint32_t slot, bool hole)
{
	if (hole)
		return;
	state->top = slot;
	tail_undo(&state->tail, state->header.data_offset + slot * state->slot_size);
}

struct block_write {
	uint64_t block;
	uint32_t before; /* the entry until now: VDI_FREE or VDI_ZERO */
	const uint8_t *data;
	uint64_t within, n; /* where data goes in the block */
};

/* Fills the block's bytes from .. to with what the guest saw there until now. */
static int copy_range(struct vd_image *image, const struct block_write *w, uint32_t slot,
		      uint64_t from, uint64_t to, struct error **err)
{
	struct vdi_state *state = image->state;
	uint64_t start = w->block * image->block_size;
	int r = 0;

	while (r == 0 && from < to) {
		size_t n = (size_t)MIN(to - from, VDI_COPY_BYTES);

		memset(state->buffer, 0, n);
		if (w->before == VDI_FREE)
			r = vd_parent_pread(image, state->buffer, n, start + from, err);
		if (r == 0)
			r = source_pwrite(image->source, state->buffer, n,
					  vdi_slot_offset(state, slot) + from, err);
		from += n;
	}
	return r;
}

static int fill_slot(struct vd_image *image, const struct block_write *w, uint32_t slot, bool hole,
		     struct error **err)
{
	struct vdi_state *state = image->state;
	bool copy = hole || (image->parent && w->before == VDI_FREE);
	int r = 0;

	if (copy)
		r = copy_range(image, w, slot, 0, w->within, err);
	if (r == 0)
		r = source_pwrite(image->source, w->data, w->n,
				  vdi_slot_offset(state, slot) + w->within, err);
	if (r == 0 && copy)
		r = copy_range(image, w, slot, w->within + w->n, vdi_block_bytes(image, w->block),
			       err);
	return r;
}

static int write_new_block(struct vd_image *image, struct block_write *w, struct error **err)
{
	struct vdi_state *state = image->state;
	uint64_t table = state->header.map_offset;
	uint32_t slot = 0;
	bool hole;
	int r;

	r = blockmap_get_le32(state->map, table, w->block, &w->before, err);
	if (r < 0)
		return r;
	hole = take_hole(state, &slot);
	if (!hole)
		r = take_tail(image, &slot, err);
	if (r < 0)
		return r;
	r = fill_slot(image, w, slot, hole, err);
	if (r == 0)
		r = blockmap_put_le32(state->map, table, w->block, slot, err);
	if (r < 0) {
		vdi_give_back(state, slot, hole);
		return r;
	}
	if (hole)
		slots_take(&state->used, slot);
	state->counter_changed = true;
	return 0;
}

static int vdi_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		      struct error **err)
{
	struct vdi_state *state = image->state;
	const uint8_t *data = buf;
	int r = 0;

	while (r == 0 && n > 0) {
		struct block_write w = {
			.block = offset / image->block_size,
			.within = offset % image->block_size,
			.data = data,
		};

		w.n = MIN((uint64_t)n, image->block_size - w.within);
		if (blockmap_is_full(state->map))
			r = vdi_flush(image, err);
		if (r == 0)
			r = write_new_block(image, &w, err);
		data += w.n;
		n -= (size_t)w.n;
		offset += w.n;
	}
	return r;
}

static int vdi_zero_block(struct vd_image *image, uint64_t offset, struct error **err)
{
	struct vdi_state *state = image->state;
	int r = blockmap_is_full(state->map) ? vdi_flush(image, err) : 0;

	if (r < 0)
		return r;
	return blockmap_put_le32(state->map, state->header.map_offset, offset / image->block_size,
				 VDI_ZERO, err);
}

/* Images that continue this one notice by its modification UUID that it changed. */
static int vdi_begin_write(struct vd_image *image, struct error **err)
{
	struct vdi_state *state = image->state;
	uint8_t uuid[VDI_UUID_BYTES];
	int r;

	memcpy(uuid, state->header.modified, sizeof(uuid));
	vbox_next_uuid(uuid);
	r = source_pwrite(image->source, uuid, sizeof(uuid), VDI_MODIFIED_OFFSET, err);
	if (r == 0)
		memcpy(state->header.modified, uuid, sizeof(uuid));
	return r;
}

static int write_counter(struct vd_image *image, struct error **err)
{
	struct vdi_state *state = image->state;
	uint8_t counter[4];
	int r;

	if (!state->counter_changed)
		return 0;
	put_le32(counter, (uint32_t)state->top);
	r = source_pwrite(image->source, counter, sizeof(counter), VDI_ALLOCATED_OFFSET, err);
	if (r == 0) {
		state->header.allocated = (uint32_t)state->top;
		state->counter_changed = false;
	}
	return r;
}

int vdi_flush(struct vd_image *image, struct error **err)
{
	struct vdi_state *state = image->state;
	int r;

	if (image->read_only)
		return 0;
	r = write_counter(image, err);
	return r < 0 ? r : blockmap_commit(state->map, err);
}

const struct vd_write_ops vdi_write_ops = {
	.begin = vdi_begin_write,
	.pwrite = vdi_pwrite,
	.zero_block = vdi_zero_block,
	.flush = vdi_flush,
};
