/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping tables under change: the one ordering scheme that all formats share.
 *
 * A write to a new block goes to fresh space at the tail of the file at once,
 * its mapping entry only into memory. When the guest flushes, commit makes the
 * data durable, then writes the changed table pages, then makes those durable:
 * two host flushes however many blocks are new, and whatever part of the
 * unflushed writes a power cut leaves, no entry on the disk points at a block
 * whose data is not there.
 *
 *	pwrite:	if (blockmap_is_full(map)) flush of the format;
 *		tail_grow(&tail, ..., &offset); source_pwrite(data at offset);
 *		on failure: tail_undo(&tail, offset) and nothing was changed;
 *		then blockmap_put_*(map, table, index, offset);
 *	flush:	blockmap_commit(map).
 *
 * Pages are keyed by their offset in the file, so one map serves all tables of
 * a file wherever they lie. Memory is taken when the map is made and bounded.
 */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_BLOCKMAP_H
#define APPLETS_VDATTACH_FORMAT_COMMON_BLOCKMAP_H

#include <stdbool.h>

#include "applets/vdattach/source/source.h"
#include "common/bytes.h"

struct blockmap;

/*
 * A map of the tables in source, which stays the caller's and must outlive it.
 * page_size: what is written in one piece: a power of two, 512 (what disks
 * write whole) to 65536. pages: how many are kept in memory, at least 128.
 */
int blockmap_new(struct source *source, uint32_t page_size, uint32_t pages, struct blockmap **ret,
		 struct error **err) _must_check_ _nonnull_(1, 4);

/* Frees *map with whatever was not committed and sets it to NULL. NULL-safe. */
void blockmap_free(struct blockmap **map);

/* Reads n bytes of a table at offset of the file, changes not yet on the disk included. */
int blockmap_read(struct blockmap *map, uint64_t offset, void *buf, size_t n,
		  struct error **err) _must_check_ _nonnull_(1, 3);

/*
 * Changes n bytes of a table in memory. All or nothing where they are inside one page. -ENOBUFS
 * when every page in memory is waiting for a commit (see blockmap_is_full).
 */
int blockmap_write(struct blockmap *map, uint64_t offset, const void *buf, size_t n,
		   struct error **err) _must_check_ _nonnull_(1, 3);

/* True when the format should commit before it changes more; at least 32 changes fit behind. */
bool blockmap_is_full(const struct blockmap *map) _nonnull_(1);

/* True when a page waits for a commit. */
bool blockmap_is_dirty(const struct blockmap *map) _nonnull_(1);

/*
 * Writes the changed pages without any flush, in the order of their offsets. For formats with
 * tables in several files, which flush all, write back all, flush all. Pages that failed stay
 * changed.
 */
int blockmap_write_back(struct blockmap *map, struct error **err) _must_check_ _nonnull_(1);

/* Flush, write back, flush; without changed pages one flush. */
int blockmap_commit(struct blockmap *map, struct error **err) _must_check_ _nonnull_(1);

/* Forgets unchanged pages that touch the n bytes at offset: they were written directly. */
void blockmap_forget(struct blockmap *map, uint64_t offset, uint64_t n) _nonnull_(1);

/* Space for new blocks at the end of a file. Derive end from the mapping at open, no counter. */
struct tail {
	struct source *source;
	uint64_t end; /* nothing that is in use lies behind it */
};

/*
 * Takes n bytes that read as zeros, at a multiple of align (a power of two); the file ends behind
 * them. Leftovers of an earlier power cut behind tail->end are cut off first. On failure nothing
 * was taken.
 */
int tail_grow(struct tail *tail, uint64_t align, uint64_t n, uint64_t *ret_offset,
	      struct error **err) _must_check_ _nonnull_(1, 4);

/* Gives back what the last tail_grow took: end is where it was before. */
void tail_undo(struct tail *tail, uint64_t end) _nonnull_(1);

/*
 * Entries of the table at table: blockmap_get_be32(map, table, index, ret, err) and
 * blockmap_put_be32(map, table, index, value, err), likewise for le32, be64 and le64. 0 or -errno.
 */
#define BLOCKMAP_ENTRY(kind, type)                                                               \
	static inline _must_check_ int blockmap_get_##kind(struct blockmap *map, uint64_t table, \
							   uint64_t index, type *ret,            \
							   struct error **err)                   \
	{                                                                                        \
		uint8_t b[sizeof(type)];                                                         \
		int r = blockmap_read(map, table + index * sizeof(b), b, sizeof(b), err);        \
                                                                                                 \
		if (r == 0)                                                                      \
			*ret = get_##kind(b);                                                    \
		return r;                                                                        \
	}                                                                                        \
                                                                                                 \
	static inline _must_check_ int blockmap_put_##kind(struct blockmap *map, uint64_t table, \
							   uint64_t index, type value,           \
							   struct error **err)                   \
	{                                                                                        \
		uint8_t b[sizeof(type)];                                                         \
                                                                                                 \
		put_##kind(b, value);                                                            \
		return blockmap_write(map, table + index * sizeof(b), b, sizeof(b), err);        \
	}
BLOCKMAP_ENTRY(be32, uint32_t)
BLOCKMAP_ENTRY(le32, uint32_t)
BLOCKMAP_ENTRY(be64, uint64_t)
BLOCKMAP_ENTRY(le64, uint64_t)
#undef BLOCKMAP_ENTRY

#endif
