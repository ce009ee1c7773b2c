/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which parts of a disk the kernel can read and write by itself, because they lie byte for byte in
 * a file. A map is an optimisation only: whatever it leaves out is asked of the server, which
 * answers for every byte of the disk.
 */
#ifndef APPLETS_VDATTACH_DM_MAP_H
#define APPLETS_VDATTACH_DM_MAP_H

#include "applets/lib/dm.h"
#include "applets/vdattach/image/image.h"

#define DM_MAP_SOURCES_MAX 64u

/* Bytes of the disk that lie at host_offset of sources[source]. */
struct dm_segment {
	uint64_t start, length, host_offset;
	uint32_t source;
};

struct dm_map {
	struct dm_segment *segments; /* in the order of start, none overlap, adjacent ones merged */
	size_t n, room;
	size_t limit;	      /* so many are kept in the end: the longest */
	uint64_t floor;	      /* shorter runs were let go, so do not come back; 0 = none was */
	uint64_t size;	      /* of the disk, in bytes: a multiple of sector_size */
	uint32_t sector_size; /* of the disk; all of a segment is a multiple of it */
	bool whole;	      /* dm_map_add_chain: nothing had to be left out */
	struct source *sources[DM_MAP_SOURCES_MAX];
	uint32_t n_sources;
};

/*
 * An empty map of a disk of size bytes, for at most limit segments. All memory is taken here: 32
 * bytes a segment, half as many again to choose from. 0 or -ENOMEM.
 */
int dm_map_new(uint64_t size, uint32_t sector_size, size_t limit, struct dm_map *ret) _must_check_
	_nonnull_(4);

void dm_map_release(struct dm_map *map) _nonnull_(1);

/*
 * Adds what image itself (none of its parents) has as data between the bytes start and end of the
 * disk: what may be written in place. Never takes anything back: no format moves a block that it
 * has given a place. *ret_changed becomes true when the map has grown, else it is left alone. 0 or
 * the error of the format.
 */
int dm_map_add(struct dm_map *map, struct vd_image *image, uint64_t start, uint64_t end,
	       bool *ret_changed, struct error **err) _must_check_ _nonnull_(1, 2, 5);

/*
 * Adds what the whole chain has as data: for reading alone. map->whole tells whether all that is
 * not in the map reads as zeros; stops early when it cannot be.
 */
int dm_map_add_chain(struct dm_map *map, struct vd_image *image, struct error **err) _must_check_
	_nonnull_(1, 2);

/* Lets the shortest segments go until limit are left. True when any went. */
bool dm_map_prune(struct dm_map *map) _nonnull_(1);

/*
 * Writes the map as a table: what it has is on devices[source] (0: not there, left out), all else
 * on server at the same offset, or (server 0) reads as zeros. With a server the last sector of the
 * disk is always its, so that each flush of the disk reaches it: it alone knows what else has to
 * be written before data is durable. False when the table has too little room: 2 * limit + 2
 * targets are enough.
 */
bool dm_map_build(const struct dm_map *map, const dev_t *devices, dev_t server,
		  struct dm_table *table) _must_check_ _nonnull_(1, 2, 4);

#endif
