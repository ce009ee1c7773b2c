/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a killed process must leave behind. Changed pages of mapping tables wait in memory for the
 * guest's flush. The device above answered those writes long ago and will not repeat them: a worker
 * that is killed may take no page along. So their memory belongs to a file in memory that the next
 * worker has too. It writes them, as the flush would have done, before it looks at the image.
 *
 * A page is marked changed before its bytes are changed, and its bytes name only blocks that have
 * their data. So a kill leaves nothing worse than pages that a request has changed which was not
 * answered and is repeated.
 */
#ifndef APPLETS_VDATTACH_SOURCE_RECOVERY_H
#define APPLETS_VDATTACH_SOURCE_RECOVERY_H

#include "applets/vdattach/source/source.h"

/* Keep the address for as long as sources name it. */
struct recovery {
	int fd;	      /* memfd_create(); the caller's */
	uint64_t end; /* of its part in use */
};

/* All that former users left at fd is found there. 0 or -errno. */
int recovery_init(struct recovery *recovery, int fd, struct error **err) _must_check_ _nonnull_(1);

/* The shape of a table's pages in memory. Each has a slot, which begins with its offset in the
 * file as uint64_t (UINT64_MAX: none) and has a bool at dirty_at: changed. */
struct recovery_shape {
	uint32_t n, page_size, slot_size, dirty_at;
	bool late; /* not written before source_rescue() with late */
};

struct recovery_memory {
	void *slots;	/* n x slot_size, zero */
	uint8_t *bytes; /* n x page_size, undefined: each page is read before it is used */
	void *region;	/* NULL: of the heap */
};

/*
 * Memory for pages of source: of its recovery memory, or (without one, or when nothing will be
 * written) of the heap. 0 or -ENOMEM.
 */
int recovery_take(struct source *source, const struct recovery_shape *shape,
		  struct recovery_memory *ret) _must_check_ _nonnull_(1, 2, 3);

/* Frees it. Changed pages stay in the recovery memory. All zero is fine. */
void recovery_give(struct recovery_memory *memory) _nonnull_(1);

#endif
