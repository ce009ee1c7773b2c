/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few decompressed blocks of an image, least recently used first out. Bounded by construction. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_BLOCKCACHE_H
#define APPLETS_VDATTACH_FORMAT_COMMON_BLOCKCACHE_H

#include <stdbool.h>

#include "common/macro.h"

struct blockcache;

/*
 * A cache for blocks of block_size bytes: as many as fit in limit bytes, at
 * least one. All memory is taken here. Returns NULL without it.
 */
struct blockcache *blockcache_new(size_t block_size, size_t limit);

/* The block stored under key, or NULL. Valid until the next call. */
const uint8_t *blockcache_find(struct blockcache *cache, uint64_t key) _nonnull_(1);

/*
 * A buffer of block_size bytes for the block that is to be stored under key:
 * fill it, then blockcache_commit(). Takes the place of the block that was
 * used least recently.
 */
uint8_t *blockcache_reserve(struct blockcache *cache, uint64_t key) _nonnull_(1);

/* The buffer of the last blockcache_reserve() is filled: blockcache_find() may return it. */
void blockcache_commit(struct blockcache *cache) _nonnull_(1);

/* Frees all. NULL-safe. */
void blockcache_free(struct blockcache *cache);

#endif
