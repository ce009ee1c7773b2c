// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing VMDK. Order: data and marks, flush of all files, grain tables (both
 * sets), flush of all files that have tables. Extents of a split image go
 * through each step together, so a guest's flush costs two flushes of each.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

struct grain_write {
	struct vmdk_sparse *sparse;
	uint64_t start;	 /* of the grain, as the guest counts */
	uint64_t grain;	 /* in its extent */
	uint32_t before; /* the entry until now */
	const uint8_t *data;
	uint64_t within, n; /* where data goes in the grain */
};

static uint64_t table_of(const struct vmdk_sparse *s, const uint32_t *directory, uint64_t grain)
{
	return vmdk_table_at(s, directory[grain / VMDK_GRAINS_PER_TABLE]);
}

/* Both sets of tables, or none: a failure of the second takes the first back. */
static int put_entry(const struct grain_write *w, uint32_t entry, struct error **err)
{
	struct vmdk_sparse *s = w->sparse;
	uint64_t index = w->grain % VMDK_GRAINS_PER_TABLE;
	uint64_t table = table_of(s, s->directory, w->grain);
	int r, undo;

	s->tables_changed = true;
	r = blockmap_put_le32(s->map, table, index, entry, err);
	if (r < 0 || !s->redundant)
		return r;
	r = blockmap_put_le32(s->map, table_of(s, s->redundant, w->grain), index, entry, err);
	if (r == 0)
		return 0;
	/* its page is in memory, so this cannot fail */
	undo = blockmap_put_le32(s->map, table, index, w->before, NULL);
	return undo < 0 ? undo : r;
}

/* Fills the grain's bytes from .. to with what the guest saw there until now. */
static int copy_range(struct vd_image *image, const struct grain_write *w, uint64_t offset,
		      uint64_t from, uint64_t to, struct error **err)
{
	struct vmdk_state *state = image->state;
	int r = 0;

	while (r == 0 && from < to) {
		size_t n = (size_t)MIN(to - from, VMDK_COPY_BYTES);

		r = vd_parent_pread(image, state->buffer, n, w->start + from, err);
		if (r == 0)
			r = source_pwrite(w->sparse->source, state->buffer, n, offset + from, err);
		from += n;
	}
	return r;
}

static int fill_grain(struct vd_image *image, const struct grain_write *w, uint64_t offset,
		      struct error **err)
{
	bool copy = image->parent && w->before == 0;
	int r = 0;

	if (copy)
		r = copy_range(image, w, offset, 0, w->within, err);
	if (r == 0)
		r = source_pwrite(w->sparse->source, w->data, w->n, offset + w->within, err);
	if (r == 0 && copy)
		r = copy_range(image, w, offset, w->within + w->n,
			       vmdk_grain_bytes(w->sparse, w->grain), err);
	return r;
}

static int write_new_grain(struct vd_image *image, struct grain_write *w, struct error **err)
{
	struct vmdk_sparse *s = w->sparse;
	uint64_t offset = 0, before = s->tail.end;
	int r;

	r = blockmap_get_le32(s->map, table_of(s, s->directory, w->grain),
			      w->grain % VMDK_GRAINS_PER_TABLE, &w->before, err);
	if (r == 0)
		r = tail_grow(&s->tail, s->align, s->grain_size, &offset, err);
	if (r < 0)
		return r;
	if (offset / VD_SECTOR > UINT32_MAX)
		r = error_make(err, EFBIG, "%s: a sparse VMDK extent cannot grow beyond 2 TiB",
			       s->source->name);
	if (r == 0)
		r = fill_grain(image, w, offset, err);
	if (r == 0)
		r = put_entry(w, (uint32_t)(offset / VD_SECTOR), err);
	if (r < 0)
		tail_undo(&s->tail, before);
	return r;
}

static int vmdk_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		       struct error **err)
{
	struct vmdk_state *state = image->state;
	const uint8_t *data = buf;
	int r = 0;

	while (r == 0 && n > 0) {
		const struct vmdk_extent *extent = vmdk_find_extent(state, offset);
		struct vmdk_sparse *s = extent->sparse;
		struct grain_write w = { .sparse = s, .data = data };
		uint64_t at = offset - extent->start;

		if (!s)
			return error_make(err, EROFS,
					  "%s: VMDK extent at offset %" PRIu64 " has no space",
					  image->source->name, extent->start);
		w.grain = at / s->grain_size;
		w.within = at % s->grain_size;
		w.start = offset - w.within;
		w.n = MIN((uint64_t)n, vmdk_grain_bytes(s, w.grain) - w.within);
		if (blockmap_is_full(s->map))
			r = vmdk_flush(image, err);
		if (r == 0)
			r = write_new_grain(image, &w, err);
		data += w.n;
		n -= (size_t)w.n;
		offset += w.n;
	}
	return r;
}

static int vmdk_zero_block(struct vd_image *image, uint64_t offset, struct error **err)
{
	const struct vmdk_extent *extent = vmdk_find_extent(image->state, offset);
	struct vmdk_sparse *s = extent->sparse;
	struct grain_write w = { .sparse = s };
	uint64_t at = offset - extent->start;
	int r = 0;

	if (!s || !(s->header.flags & VMDK_FLAG_ZERO_GRAIN) || s->grain_size != image->block_size ||
	    at % s->grain_size)
		return -EOPNOTSUPP;
	w.grain = at / s->grain_size;
	if (vmdk_grain_bytes(s, w.grain) != MIN(s->grain_size, image->size - offset))
		return -EOPNOTSUPP;
	if (blockmap_is_full(s->map))
		r = vmdk_flush(image, err);
	return r < 0 ? r : put_entry(&w, 1, err);
}

static int flush_all(struct vd_image *image, bool changed_only, struct error **err)
{
	struct vmdk_state *state = image->state;
	int r = 0;

	for (size_t i = 0; i < state->n_extents && r == 0; i++) {
		const struct vmdk_extent *e = state->extents + i;

		if (e->source && (!changed_only || (e->sparse && e->sparse->tables_changed)))
			r = source_flush(e->source, err);
	}
	/* a descriptor of its own */
	if (r == 0 && !changed_only && state->extents[0].source != image->source)
		r = source_flush(image->source, err);
	return r;
}

int vmdk_flush(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	int r;

	if (image->read_only)
		return 0;
	r = flush_all(image, false, err);
	if (r == 0)
		r = blockmap_write_back(state->map, err);
	if (r == 0)
		r = flush_all(image, true, err);
	for (size_t i = 0; i < state->n_extents && r == 0; i++) {
		if (state->extents[i].sparse)
			state->extents[i].sparse->tables_changed = false;
	}
	return r;
}

const struct vd_write_ops vmdk_write_ops = {
	.begin = vmdk_begin_write,
	.pwrite = vmdk_pwrite,
	.zero_block = vmdk_zero_block,
	.flush = vmdk_flush,
};
