// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/vdi/vdi.h"

static void survey_entry(struct vd_image *image, uint64_t block, uint32_t slot,
			 struct vdi_usage *usage, struct findings *findings)
{
	const char *name = image->source->name;

	if (slot >= VDI_ZERO)
		return;
	if (!vdi_slot_is_inside(image, block, slot)) {
		findings_add(findings, FINDING_ERROR,
			     "%s: VDI block map: block %" PRIu64
			     " is in slot %u, beyond the end of the file",
			     name, block, slot);
		return;
	}
	if (!slots_take(&usage->slots, slot))
		findings_add(findings, FINDING_ERROR,
			     "%s: VDI block map: block %" PRIu64
			     " is in slot %u, where another block is already",
			     name, block, slot);
	usage->used++;
	usage->top = MAX(usage->top, slot + 1ULL);
}

int vdi_survey(struct vd_image *image, struct vdi_usage *ret, struct findings *findings,
	       struct error **err)
{
	struct vdi_state *state = image->state;
	uint8_t entries[VD_SECTOR];
	uint64_t blocks = state->header.blocks;
	int r;

	*ret = (struct vdi_usage){ .used = 0 };
	r = slots_init(&ret->slots, state->slots, image->source->name, err);
	for (uint64_t block = 0; r == 0 && block < blocks;) {
		uint64_t n = MIN(blocks - block, sizeof(entries) / 4);

		r = blockmap_read(state->map, state->header.map_offset + block * 4, entries, n * 4,
				  err);
		for (uint64_t i = 0; r == 0 && i < n; i++)
			survey_entry(image, block + i, get_le32(entries + i * 4), ret, findings);
		block += n;
	}
	if (r < 0)
		slots_release(&ret->slots);
	return r;
}

static void check_counter(struct vd_image *image, const struct vdi_usage *usage)
{
	const struct vdi_state *state = image->state;
	uint32_t counter = state->header.allocated;

	if (counter < usage->top)
		findings_add(&image->findings, FINDING_ERROR,
			     "%s: VDI header: %u blocks allocated, but slot %" PRIu64
			     " is in use: other programs would overwrite it",
			     image->source->name, counter, usage->top - 1);
	else if (counter > usage->used)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: VDI header: %u blocks allocated, but only %" PRIu64 " are in use",
			     image->source->name, counter, usage->used);
}

static void check_space(struct vd_image *image, const struct vdi_usage *usage)
{
	const struct vdi_state *state = image->state;
	uint64_t end = state->header.data_offset + usage->top * state->slot_size;

	if (usage->used < usage->top)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " of %" PRIu64
			     " slots for blocks are unreferenced (leaked)",
			     image->source->name, usage->top - usage->used, usage->top);
	if (image->source->size > end)
		findings_add(&image->findings, FINDING_LEAK,
			     "%s: %" PRIu64 " bytes at offset %" PRIu64
			     " behind the last block are unreferenced (leaked)",
			     image->source->name, image->source->size - end, end);
}

int vdi_check(struct vd_image *image, struct error **err)
{
	const struct vdi_state *state = image->state;
	struct vdi_usage usage = { .used = 0 };
	int r = vdi_flush(image, err);

	if (r == 0)
		r = vdi_survey(image, &usage, &image->findings, err);
	if (r < 0)
		return r;
	if (state->header.type == VDI_FIXED && usage.used < state->header.blocks)
		findings_add(&image->findings, FINDING_WARNING,
			     "%s: a fixed image with only %" PRIu64 " of %u blocks allocated",
			     image->source->name, usage.used, state->header.blocks);
	check_counter(image, &usage);
	check_space(image, &usage);
	slots_release(&usage.slots);
	return 0;
}
