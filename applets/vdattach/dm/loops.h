/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop devices under a dm map, one for each file. They are buffered, so that they see the same
 * page cache as the server, and keep their own write-back cache: of a request with FUA the block
 * layer would drop the FUA otherwise, and data would be told durable that is not. They go away by
 * themselves when nobody uses them: neither a table nor the descriptors here.
 */
#ifndef APPLETS_VDATTACH_DM_LOOPS_H
#define APPLETS_VDATTACH_DM_LOOPS_H

#include "applets/vdattach/dm/map.h"

struct dm_loops {
	dev_t devices[DM_MAP_SOURCES_MAX]; /* by index of source in the map; 0 = none */
	uint64_t sizes[DM_MAP_SOURCES_MAX];
	int fds[DM_MAP_SOURCES_MAX];
	int files[DM_MAP_SOURCES_MAX];
	uint32_t n;
};

/*
 * Attaches the sources that have no loop device yet, and tells the kernel of files that have grown
 * since. A source that is no file is left out. 0 or -errno; what was attached stays.
 */
int dm_loops_update(struct dm_loops *loops, const struct dm_map *map, bool read_only,
		    struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * Writes out what the files have in memory: the longer part of a flush, that can be done without
 * any lock. Tells nothing of errors, and takes none away from those who flush in earnest.
 */
void dm_loops_write_out(const struct dm_loops *loops) _nonnull_(1);

void dm_loops_release(struct dm_loops *loops) _nonnull_(1);

#endif
