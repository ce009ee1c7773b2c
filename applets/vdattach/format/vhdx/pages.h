/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 4 KiB pages of BAT and sector bitmaps that are in memory, changed ones
 * among them. A VHDX log takes whole pages, so this is also what is logged.
 */
#ifndef APPLETS_VDATTACH_FORMAT_VHDX_PAGES_H
#define APPLETS_VDATTACH_FORMAT_VHDX_PAGES_H

#include <stdbool.h>

#include "applets/vdattach/source/recovery.h"

#define VHDX_PAGE 4096u
/* Two log entries of so many pages and one descriptor sector each fit in the smallest log, 1 MiB.
 */
#define VHDX_DIRTY_MAX 124u

struct vhdx_page;

struct vhdx_pages {
	struct source *source;
	struct recovery_memory memory;
	struct vhdx_page *slots; /* in memory */
	uint8_t *bytes;		 /* in memory */
	int32_t *buckets;
	unsigned int n, n_used, n_dirty, hand;
	unsigned int dirty[VHDX_DIRTY_MAX]; /* slots; sorted by vhdx_pages_sort() */
};

/* At least VHDX_DIRTY_MAX + 4 pages of source, all memory at once. source stays the caller's. */
int vhdx_pages_init(struct vhdx_pages *pages, struct source *source, uint64_t wanted,
		    struct error **err) _must_check_;

void vhdx_pages_release(struct vhdx_pages *pages);

/*
 * The page that holds the byte at offset. change: it will be written to disk
 * by the next commit; -ENOBUFS when VHDX_DIRTY_MAX are waiting already. *ret
 * is valid until the next call.
 */
int vhdx_pages_get(struct vhdx_pages *pages, uint64_t offset, bool change, uint8_t **ret,
		   struct error **err) _must_check_;

/*
 * Sorts dirty[] from the end of the file to its start: a chunk's bitmap entry
 * lies behind those of its blocks.
 */
void vhdx_pages_sort(struct vhdx_pages *pages);

/* The i-th changed page. */
const uint8_t *vhdx_pages_dirty(const struct vhdx_pages *pages, unsigned int i,
				uint64_t *ret_offset);

/* All changed pages are where they belong. */
void vhdx_pages_clean(struct vhdx_pages *pages);

#endif
