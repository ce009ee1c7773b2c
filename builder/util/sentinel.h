/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last member of our images, by which init and `mkvinitrd check` know that an image is whole.
 */
#ifndef BUILDER_UTIL_SENTINEL_H
#define BUILDER_UTIL_SENTINEL_H

#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

#include "common/macro.h"

#define SENTINEL_PATH "etc/mkvinitrd/sentinel"

/*
 * What was written. The digest is the sum (mod 2^128) of the XXH3-128 of each member: its header,
 * name, padding and content, without the padding after it. As a sum it does not depend on how
 * members are spread over segments, so the stats of a cached segment can be kept with it and added.
 */
struct cpio_stats {
	uint64_t members;   /* entries without TRAILER!!! */
	uint64_t bytes;	    /* sum of file sizes: what the unpacked tree needs at least */
	uint64_t digest[2]; /* low, high */
};

/* Adds one member by the hash of its bytes; size: of a regular file, else 0. */
void cpio_stats_add_hash(struct cpio_stats *stats, XXH128_hash_t hash, uint64_t size);

/* Adds one member that was read: its bytes in the archive up to the end of the content; size: of a
 * regular file, else 0. */
void cpio_stats_add_bytes(struct cpio_stats *stats, const uint8_t *member, size_t len,
			  uint64_t size);

/* *to += *from, e.g. of a segment from the cache. */
void cpio_stats_add(struct cpio_stats *to, const struct cpio_stats *from);

/*
 * Text of etc/mkvinitrd/sentinel for an image whose other members are counted in *stats:
 * "members=N\nxxh128=HEX\n" (32 hex digits). Owned by the caller; NULL when memory is out.
 */
char *cpio_sentinel(const struct cpio_stats *stats) _must_check_;

#endif
