// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/vhdx/pages.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define BUCKETS	  1024u
#define PAGES_MIN (VHDX_DIRTY_MAX + 4)
#define PAGES_MAX 1024u

struct vhdx_page {
	uint64_t offset;
	int32_t next; /* in its bucket, -1 = last */
	bool dirty, recent;
};

int vhdx_pages_init(struct vhdx_pages *pages, struct source *source, uint64_t wanted,
		    struct error **err)
{
	unsigned int n = (unsigned int)MIN(MAX(wanted, (uint64_t)PAGES_MIN), (uint64_t)PAGES_MAX);

	/* late: the log is replayed first */
	const struct recovery_shape shape = { .n = n,
					      .page_size = VHDX_PAGE,
					      .slot_size = sizeof(struct vhdx_page),
					      .dirty_at = offsetof(struct vhdx_page, dirty),
					      .late = true };
	int r;

	*pages = (struct vhdx_pages){ .source = source, .n = n };
	r = recovery_take(source, &shape, &pages->memory);
	pages->slots = pages->memory.slots;
	pages->bytes = pages->memory.bytes;
	pages->buckets = malloc(BUCKETS * sizeof(*pages->buckets));
	if (r < 0 || !pages->buckets)
		return error_sys(err, ENOMEM, "%s", source->name);
	for (unsigned int i = 0; i < BUCKETS; i++)
		pages->buckets[i] = -1;
	return 0;
}

void vhdx_pages_release(struct vhdx_pages *pages)
{
	recovery_give(&pages->memory);
	free(pages->buckets);
	memset(pages, 0, sizeof(*pages));
}

static int32_t *bucket(const struct vhdx_pages *pages, uint64_t offset)
{
	return pages->buckets + offset / VHDX_PAGE % BUCKETS;
}

static int32_t vhdx_find(const struct vhdx_pages *pages, uint64_t offset)
{
	int32_t i = *bucket(pages, offset);

	while (i >= 0 && pages->slots[i].offset != offset)
		i = pages->slots[i].next;
	return i;
}

static void unlink_slot(struct vhdx_pages *pages, int32_t slot)
{
	int32_t *link = bucket(pages, pages->slots[slot].offset);

	while (*link != slot)
		link = &pages->slots[*link].next;
	*link = pages->slots[slot].next;
}

/* An unused slot, or that of a clean page not used lately. There is one: n > VHDX_DIRTY_MAX. */
static int32_t take_slot(struct vhdx_pages *pages)
{
	struct vhdx_page *page;

	if (pages->n_used < pages->n)
		return (int32_t)pages->n_used++;
	for (;;) {
		pages->hand = (pages->hand + 1) % pages->n;
		page = pages->slots + pages->hand;
		if (!page->dirty && !page->recent)
			break;
		page->recent = false;
	}
	unlink_slot(pages, (int32_t)pages->hand);
	return (int32_t)pages->hand;
}

static void link_slot(struct vhdx_pages *pages, int32_t slot, uint64_t offset)
{
	pages->slots[slot].offset = offset;
	pages->slots[slot].next = *bucket(pages, offset);
	*bucket(pages, offset) = slot;
}

int vhdx_pages_get(struct vhdx_pages *pages, uint64_t offset, bool change, uint8_t **ret,
		   struct error **err)
{
	uint64_t start = offset - offset % VHDX_PAGE;
	int32_t slot = vhdx_find(pages, start);
	struct vhdx_page *page;
	int r = 0;

	if (change && pages->n_dirty == VHDX_DIRTY_MAX && (slot < 0 || !pages->slots[slot].dirty))
		return error_make(err, ENOBUFS, "%s: too many changes wait for a flush",
				  pages->source->name);
	if (slot < 0) {
		slot = take_slot(pages);
		link_slot(pages, slot, start);
		r = source_pread(pages->source, pages->bytes + (size_t)slot * VHDX_PAGE, VHDX_PAGE,
				 start, err);
		/* a name that no caller asks for; the slot is reused like any other */
		if (r < 0) {
			unlink_slot(pages, slot);
			link_slot(pages, slot, UINT64_MAX - (uint64_t)slot);
			return r;
		}
	}
	page = pages->slots + slot;
	page->recent = true;
	if (change && !page->dirty) {
		r = source_reserve(pages->source, VHDX_PAGE, start, err);
		if (r < 0)
			return r;
		page->dirty = true;
		pages->dirty[pages->n_dirty++] = (unsigned int)slot;
	}
	*ret = pages->bytes + (size_t)slot * VHDX_PAGE;
	return 0;
}

void vhdx_pages_sort(struct vhdx_pages *pages)
{
	/* at most 124, mostly in order: insertion needs no memory */
	for (unsigned int i = 1; i < pages->n_dirty; i++) {
		unsigned int slot = pages->dirty[i], at = i;

		for (; at > 0 &&
		       pages->slots[pages->dirty[at - 1]].offset < pages->slots[slot].offset;
		     at--)
			pages->dirty[at] = pages->dirty[at - 1];
		pages->dirty[at] = slot;
	}
}

const uint8_t *vhdx_pages_dirty(const struct vhdx_pages *pages, unsigned int i,
				uint64_t *ret_offset)
{
	unsigned int slot = pages->dirty[i];

	*ret_offset = pages->slots[slot].offset;
	return pages->bytes + (size_t)slot * VHDX_PAGE;
}

void vhdx_pages_clean(struct vhdx_pages *pages)
{
	for (unsigned int i = 0; i < pages->n_dirty; i++)
		pages->slots[pages->dirty[i]].dirty = false;
	pages->n_dirty = 0;
}
