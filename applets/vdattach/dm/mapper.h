/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread of a worker that keeps the table of the mapped disk up to date: where the image has
 * got new blocks, the kernel reads and writes them by itself from then on.
 *
 * A block is mapped only when it is durable that the image has it. So what the kernel writes to it
 * is safe with a flush of the file alone, which is all that a write with FUA gets, and a worker
 * that is killed takes nothing along that the table shows.
 */
#ifndef APPLETS_VDATTACH_DM_MAPPER_H
#define APPLETS_VDATTACH_DM_MAPPER_H

#include <stdatomic.h>

#include "applets/lib/dm.h"
#include "applets/vdattach/image/backend.h"

/* What supervisor and workers share: memory that is mapped in all of them, and a descriptor. */
struct dm_link {
	atomic_bool live; /* the disk is there: what follows is set */
	char name[DM_NAME_SIZE];
	dev_t server;	      /* the transport's device */
	uint32_t sector_size; /* set before there are workers */
};

struct dm_mapper;

/*
 * Starts the thread. All memory that it needs is taken here: about 1 MiB. control: of dm_open,
 * wake: an eventfd, which is written when link becomes live; both stay the caller's. Sets
 * backend->written. 0 or -errno.
 */
int dm_mapper_start(int control, const struct dm_link *link, int wake, struct backend *backend,
		    struct dm_mapper **ret, struct error **err) _must_check_ _nonnull_(2, 4, 5);

/* Ends the thread and lets its loop devices go. *mapper becomes NULL. NULL-safe. */
void dm_mapper_stop(struct dm_mapper **mapper);

#endif
