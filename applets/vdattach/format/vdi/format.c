// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vdi/vdi.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vbox-uuid.h"

/* Entries that are looked at in one go: one page of the block map. */
#define RUN_ENTRIES (VD_SECTOR / 4)

/*
 * 8 MiB of block map: a disk of 2 TiB in blocks of 1 MiB stays in memory whole. Of a chain's
 * parents less: the kernel has the file in its cache.
 */
#define MAP_PAGES_MAX	   16384u
#define MAP_PAGES_MAX_READ 1024u

static int vdi_probe(const struct vd_probe *probe)
{
	if (probe->head_size < VDI_HEADER_BYTES)
		return 0;
	return get_le32(probe->head + VDI_SIGNATURE_OFFSET) == VDI_SIGNATURE ? 100 : 0;
}

static void vdi_close(struct vd_image *image)
{
	struct vdi_state *state = image->state;

	if (!state)
		return;
	blockmap_free(&state->map);
	slots_release(&state->used);
	free(state->buffer);
	free(state);
	image->state = NULL;
}

static int open_map(struct vd_image *image, struct vdi_state *state, struct error **err)
{
	uint32_t pages = state->header.blocks / RUN_ENTRIES + 2;

	pages = MAX(pages, 128u);
	pages = MIN(pages, image->read_only ? MAP_PAGES_MAX_READ : MAP_PAGES_MAX);
	return blockmap_new(image->source, VD_SECTOR, pages, &state->map, err);
}

static void set_sizes(struct vd_image *image, struct vdi_state *state)
{
	const struct vdi_header *h = &state->header;

	if (h->disk_size % VD_SECTOR)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VDI header: size %" PRIu64 " is no multiple of 512: rounded down",
			     image->source->name, h->disk_size);
	image->size = h->disk_size - h->disk_size % VD_SECTOR;
	image->block_size = h->block_size;
	image->variant = vdi_type_name(h->type);
	state->slot_size = (uint64_t)h->block_extra + h->block_size;
	/* a disk whose blocks were freed and made anew can have more slots than blocks */
	state->slots = MAX(h->blocks, MIN(h->allocated, VDI_SLOTS_MAX));
}

/* Of version 0, map and blocks share sectors: a write could tear both. */
static void lower_to_read_only(struct vd_image *image, const struct vdi_state *state)
{
	if (state->header.version >> 16)
		return;
	if (!image->read_only)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: VDI header: version 0.%u: can only be read", image->source->name,
			     state->header.version);
	image->read_only = true;
}

static int vdi_open(struct vd_image *image, struct error **err)
{
	struct vdi_state *state = calloc(1, sizeof(*state));
	int r;

	if (!state)
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	image->state = state;
	r = vdi_header_read(image->source, &state->header, err);
	if (!r)
		r = vdi_header_check(image->source, &state->header, err);
	if (!r) {
		set_sizes(image, state);
		lower_to_read_only(image, state);
		r = open_map(image, state, err);
	}
	if (!r && !image->read_only)
		r = vdi_write_open(image, err);
	if (r < 0)
		vdi_close(image);
	return r;
}

bool vdi_slot_is_inside(const struct vd_image *image, uint64_t block, uint32_t slot)
{
	const struct vdi_state *state = image->state;
	uint64_t size = image->source->size, offset = vdi_slot_offset(state, slot);

	return slot < state->slots && offset <= size &&
	       vdi_block_bytes(image, block) <= size - offset;
}

/* Whether the entry b continues what a says, i blocks further on. */
static bool vdi_continues(const struct vdi_state *state, uint32_t a, uint32_t b, uint32_t i)
{
	if (a >= VDI_ZERO)
		return b == a;
	return b == a + i && !state->header.block_extra;
}

static int damaged_entry(const struct vd_image *image, uint64_t block, uint32_t slot,
			 struct error **err)
{
	return error_make(err, EIO,
			  "%s: VDI block map: block %" PRIu64
			  " is in slot %u, beyond the end of the file (cut short?)",
			  image->source->name, block, slot);
}

static int vdi_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		      struct error **err)
{
	struct vdi_state *state = image->state;
	uint64_t block = offset / image->block_size, within = offset % image->block_size;
	uint32_t count = (uint32_t)(RUN_ENTRIES - block % RUN_ENTRIES), first, run;
	uint8_t entries[VD_SECTOR];
	int r;

	count = (uint32_t)MIN((uint64_t)count, state->header.blocks - block);
	r = blockmap_read(state->map, state->header.map_offset + block * 4, entries,
			  (size_t)count * 4, err);
	if (r < 0)
		return r;
	first = get_le32(entries);
	for (run = 1; run < count; run++) {
		uint32_t entry = get_le32(entries + (size_t)run * 4);

		if (!vdi_continues(state, first, entry, run) ||
		    (entry < VDI_ZERO && !vdi_slot_is_inside(image, block + run, entry)))
			break;
	}
	ret->kind = first == VDI_FREE ? VD_EXTENT_PARENT : VD_EXTENT_ZERO;
	ret->length = (uint64_t)run * image->block_size - within;
	if (first >= VDI_ZERO)
		return 0;
	if (!vdi_slot_is_inside(image, block, first))
		return damaged_entry(image, block, first, err);
	ret->kind = VD_EXTENT_DATA;
	ret->host_offset = vdi_slot_offset(state, first) + within;
	ret->source = image->source;
	return 0;
}

static int vdi_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err)
{
	struct vdi_state *state = image->state;
	char uuid[VDI_UUID_TEXT];

	if (vdi_uuid_is_null(state->header.parent))
		return 0;
	vdi_uuid_format(state->header.parent, uuid);
	/* the user named it already: no need to look for it */
	if (image->parent)
		return vd_parent_ref_add(ret, uuid, err);
	return vbox_find_parent(image, uuid, ret, err);
}

static int vdi_matches_parent(struct vd_image *image, struct vd_image *candidate,
			      struct error **err)
{
	const struct vdi_header *h = &((struct vdi_state *)image->state)->header;
	char uuid[VDI_UUID_TEXT], modified[VDI_UUID_TEXT];

	vdi_uuid_format(h->parent, uuid);
	vdi_uuid_format(h->parent_modified, modified);
	return vbox_matches_parent(image, candidate, uuid,
				   vdi_uuid_is_null(h->parent_modified) ? NULL : modified, err);
}

const struct vd_format_ops vd_format_vdi = {
	.name = "vdi",
	.probe = vdi_probe,
	.open = vdi_open,
	.extent = vdi_extent,
	.write = &vdi_write_ops,
	.check = vdi_check,
	.parent = vdi_parent,
	.matches_parent = vdi_matches_parent,
	.close = vdi_close,
};
