// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One block map for the tables of all extents: a split disk of 2 TiB has a thousand of them. What
 * is offset X of extent i's file is offset i x VMDK_TABLES_SPAN + X of a source of its own.
 */
#include <errno.h>
#include <string.h>

#include "applets/vdattach/format/vmdk/vmdk.h"

/* 8 MiB of grain tables; of a chain's parents less: the kernel has the file in its cache. */
#define TABLE_PAGES	 16384u
#define TABLE_PAGES_READ 1024u
#define EXTENTS_MAX	 (1u << 20)

struct tables {
	struct source source;
	struct vmdk_state *state;
};

static struct source *file_of(struct source *source, uint64_t offset)
{
	return ((struct tables *)source)->state->extents[offset / VMDK_TABLES_SPAN].source;
}

static int tables_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	return source_pread(file_of(source, offset), buf, n, offset % VMDK_TABLES_SPAN,
			    &source->reason);
}

static int tables_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	return source_pwrite(file_of(source, offset), buf, n, offset % VMDK_TABLES_SPAN,
			     &source->reason);
}

static int tables_reserve(struct source *source, uint64_t n, uint64_t offset)
{
	return source_reserve(file_of(source, offset), n, offset % VMDK_TABLES_SPAN,
			      &source->reason);
}

/* All of them, also what is no table: tables name data in any file. */
static int tables_flush(struct source *source)
{
	const struct vmdk_state *state = ((struct tables *)source)->state;
	int r = 0;

	for (size_t i = 0; i < state->n_extents && r == 0; i++) {
		if (state->extents[i].source)
			r = source_flush(state->extents[i].source, &source->reason);
	}
	return r;
}

static void tables_close(struct source *source)
{
	free((struct tables *)source);
}

static const struct source_ops tables_ops = {
	.pread = tables_pread,
	.pwrite = tables_pwrite,
	.reserve = tables_reserve,
	.flush = tables_flush,
	.close = tables_close,
};

/* Lets the extents' tables know where they are; returns how many pages they have. */
static uint64_t place_tables(const struct vmdk_state *state)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < state->n_extents; i++) {
		struct vmdk_sparse *s = state->extents[i].sparse;

		if (!s)
			continue;
		s->tables = i * VMDK_TABLES_SPAN;
		pages += s->n_tables * (vmdk_table_bytes(s) / VD_SECTOR) * (s->redundant ? 2 : 1);
	}
	return pages;
}

int vmdk_tables_open(struct vd_image *image, struct error **err)
{
	struct vmdk_state *state = image->state;
	uint64_t pages = image->read_only ? TABLE_PAGES_READ : TABLE_PAGES;
	struct tables *t;
	int r;

	if (state->n_extents > EXTENTS_MAX)
		return error_make(err, EFBIG,
				  "%s: VMDK descriptor: %zu extents, expected at most %u",
				  image->source->name, state->n_extents, EXTENTS_MAX);
	t = calloc(1, sizeof(*t));
	if (t)
		t->source.name = strdup(image->source->name);
	if (!t || !t->source.name) {
		free(t);
		return error_sys(err, ENOMEM, "cannot open '%s'", image->source->name);
	}
	t->source.ops = &tables_ops;
	t->source.size = state->n_extents * VMDK_TABLES_SPAN;
	t->source.read_only = image->read_only;
	/* not the image file itself: its recovery memory has these pages under another name */
	t->source.recovery = image->source->recovery;
	t->source.device = image->source->device;
	t->source.inode = ~image->source->inode;
	t->state = state;
	state->tables = &t->source;
	pages = MIN(pages, place_tables(state) + 128);
	r = source_rescue(state->tables, false, err);
	if (r == 0)
		r = blockmap_new(state->tables, VD_SECTOR, (uint32_t)pages, &state->map, err);
	for (size_t i = 0; r == 0 && i < state->n_extents; i++) {
		if (state->extents[i].sparse)
			state->extents[i].sparse->map = state->map;
	}
	return r;
}
