// SPDX-License-Identifier: GPL-2.0-or-later
/* Begin and end of a session of writing: what must hold, and the marks that it leaves. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/format/vbox-uuid.h"
#include "applets/vdattach/format/vdi/header.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

static int refuse_damage(const struct vmdk_sparse *s, const struct findings *findings,
			 struct error **err)
{
	if (!findings->count[FINDING_ERROR])
		return 0;
	return error_make(err, EROFS, "%s: damaged, attach it read-only (-r)",
			  findings->n ? findings->items[0].text : s->source->name);
}

/* Makes the second set of tables like the first; only changed pages are written later. */
static int repair_table(struct vmdk_sparse *s, uint64_t i, struct vmdk_hole holes[2],
			struct error **err)
{
	uint64_t first_at = s->directory[i] * (uint64_t)VD_SECTOR;
	uint64_t second_at = s->redundant[i] * (uint64_t)VD_SECTOR;
	uint8_t first[VD_SECTOR], second[VD_SECTOR] = { 0 };
	int r = 0;

	for (uint64_t at = 0; at < VMDK_TABLE_BYTES && r == 0; at += VD_SECTOR) {
		uint64_t from = vmdk_table_at(s, s->directory[i]) + at;
		uint64_t to = vmdk_table_at(s, s->redundant[i]) + at;

		if (vmdk_is_hole(s, holes, first_at + at) &&
		    vmdk_is_hole(s, holes + 1, second_at + at))
			continue;
		r = blockmap_read(s->map, from, first, sizeof(first), err);
		if (r == 0)
			r = blockmap_read(s->map, to, second, sizeof(second), err);
		if (r < 0 || memcmp(first, second, sizeof(first)) == 0)
			continue;
		s->tables_changed = true;
		r = blockmap_write(s->map, to, first, sizeof(first), err);
		if (r == 0 && blockmap_is_full(s->map))
			r = blockmap_write_back(s->map, err);
	}
	return r;
}

static int check_directory(const struct vmdk_sparse *s, struct error **err)
{
	for (uint64_t i = 0; i < s->n_tables; i++) {
		if (!s->directory[i] || (s->redundant && !s->redundant[i]))
			return error_make(err, EROFS,
					  "%s: VMDK grain directory: no table %" PRIu64
					  ": attach it read-only (-r)",
					  s->source->name, i);
	}
	return 0;
}

static int begin_sparse(struct vmdk_sparse *s, struct error **err)
{
	_cleanup_(findings_release) struct findings findings = { .n = 0 };
	struct vmdk_usage usage = { .end = 0 };
	struct vmdk_hole holes[2] = { { .end = 0 } };
	int r;

	r = check_directory(s, err);
	if (r == 0)
		r = vmdk_survey(s, &usage, &findings, err);
	if (r == 0)
		r = refuse_damage(s, &findings, err);
	for (uint64_t i = 0; r == 0 && s->redundant && i < s->n_tables; i++)
		r = repair_table(s, i, holes, err);
	if (r < 0)
		return r;
	s->align = usage.aligned ? s->grain_size : VD_SECTOR;
	s->tail.source = s->source;
	s->tail.end = usage.end;
	return 0;
}

static bool overlap(const struct vmdk_extent *a, const struct vmdk_extent *b)
{
	if (!a->source || !b->source || a->source->device != b->source->device ||
	    a->source->inode != b->source->inode || (!a->source->device && !a->source->inode))
		return false;
	return a->sparse || b->sparse ||
	       (a->offset < b->offset + b->size && b->offset < a->offset + a->size);
}

/* Two extents in one place would overwrite each other. */
static int check_files(struct vd_image *image, struct error **err)
{
	const struct vmdk_state *state = image->state;

	for (size_t i = 0; i < state->n_extents; i++) {
		for (size_t j = 0; j < i; j++) {
			if (overlap(state->extents + i, state->extents + j))
				return error_make(err, EROFS,
						  "%s: VMDK descriptor: extents %zu and %zu are in "
						  "the same file '%s': damaged, attach it "
						  "read-only (-r)",
						  image->source->name, j, i,
						  state->extents[i].source->name);
		}
	}
	return 0;
}

int vmdk_write_open(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	int r = check_files(image, err);

	for (size_t i = 0; i < state->n_extents && r == 0; i++) {
		if (state->extents[i].sparse)
			r = begin_sparse(state->extents[i].sparse, err);
	}
	if (r < 0)
		return r;
	state->buffer = malloc(VMDK_COPY_BYTES);
	return state->buffer ? 0 : error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
}

/* Another content id, with as many digits: images that continue this one notice that it changed. */
static int write_cid(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	struct vmdk_descriptor *d = &state->descriptor;
	uint32_t cid = (d->cid ^ d->cid >> 15) * 0x2c1b3c6du + 0x9e3779b9u;
	char text[9];
	int r;

	if (!d->cid_at)
		return 0;
	/* all ones, and that less one, have a meaning of their own */
	cid &= 0x7fffffff;
	snprintf(text, sizeof(text), "%08x", cid);
	r = source_pwrite(image->source, text + 8 - d->cid_digits, d->cid_digits,
			  state->descriptor_offset + d->cid_at, err);
	if (r == 0)
		d->cid = cid;
	return r;
}

/* The same for the children that VirtualBox made: a UUID of 36 characters is replaced in place. */
static int write_modified(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	struct vmdk_descriptor *d = &state->descriptor;
	uint8_t uuid[VDI_UUID_BYTES];
	char text[VDI_UUID_TEXT];
	size_t digit = 0;
	int r;

	if (!d->modified_uuid || strlen(d->modified_uuid) != VDI_UUID_TEXT - 1)
		return 0;
	memset(uuid, 0, sizeof(uuid));
	for (const char *p = d->modified_uuid; *p && digit < 32; p++) {
		int value = isdigit((unsigned char)*p) ? *p - '0' : (*p | 32) - 'a' + 10;

		if (!isxdigit((unsigned char)*p))
			continue;
		uuid[digit / 2] = (uint8_t)(uuid[digit / 2] << 4 | value);
		digit++;
	}
	vbox_next_uuid(uuid);
	vdi_uuid_format(uuid, text);
	r = source_pwrite(image->source, text, strlen(text),
			  state->descriptor_offset + d->modified_at, err);
	if (r == 0)
		memcpy(d->modified_uuid, text, sizeof(text));
	return r;
}

static int set_unclean(struct vmdk_sparse *s, bool unclean, struct error **err)
{
	const uint8_t byte = unclean;
	int r = source_pwrite(s->source, &byte, 1, VMDK_UNCLEAN_OFFSET, err);

	if (r == 0)
		s->marked = unclean;
	return r;
}

int vmdk_begin_write(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	int r = 0;

	for (size_t i = 0; i < state->n_extents && r == 0; i++) {
		if (state->extents[i].sparse)
			r = set_unclean(state->extents[i].sparse, true, err);
	}
	if (r == 0)
		r = write_cid(image, err);
	if (r == 0)
		r = write_modified(image, err);
	return r;
}

void vmdk_write_close(struct vd_image *image)
{
	struct vmdk_state *state = image->state;

	for (size_t i = 0; i < state->n_extents; i++) {
		struct vmdk_sparse *s = state->extents[i].sparse;

		/* what was not flushed may be lost, and stays marked */
		if (!s || !s->marked || blockmap_is_dirty(s->map))
			continue;
		if (set_unclean(s, false, NULL) == 0)
			(void)!source_flush(s->source, NULL);
	}
}
