/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was read of a file on a server, in grains of 4096 bytes, in a sparse file: of a tmpfs, which
 * the next worker finds, or of a disk, which the next boot finds. Each grain has its CRC-32C, so
 * that after a power cut a grain that never reached the disk is none. It is no proof against
 * anybody: that is verity's.
 *
 * Layout: the grains at their offsets, then at the next multiple of 4096 a header of 4096 bytes,
 * then 32 bits for each grain, little-endian: 0 = not there, else the CRC-32C (1 for 0).
 */
#ifndef APPLETS_VDATTACH_HTTP_CACHE_H
#define APPLETS_VDATTACH_HTTP_CACHE_H

#include <pthread.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

#define CACHE_GRAIN 4096u

struct cache {
	pthread_mutex_t lock;
	int fd;
	uint64_t size; /* of the file that is cached */
	size_t grains;
	uint32_t *checksums; /* by grain */
	bool *used;	     /* since the hand came by */
	size_t hand;
	uint64_t held, limit; /* bytes; limit 0: none */
	bool is_memory;	      /* its pages are the machine's memory */
	bool full;	      /* the disk is: nothing more is kept */
};

/*
 * path: NULL = memory of this process. A file of another identity or size is emptied. limit: bytes
 * that it may take, 0: an eighth of the memory in memory, and on a disk no limit. 0 or -errno.
 */
int cache_open(struct cache *cache, const char *path, uint64_t size, const char *identity,
	       uint64_t limit, struct error **err) _must_check_ _nonnull_(1, 4);

void cache_close(struct cache *cache) _nonnull_(1);

/* Reads a grain, if it is there and whole. ret: CACHE_GRAIN bytes. */
bool cache_get(struct cache *cache, size_t grain, uint8_t *ret) _must_check_ _nonnull_(1, 3);

/* Whether it is there, without a look at its content. */
bool cache_has(struct cache *cache, size_t grain) _must_check_ _nonnull_(1);

/* Keeps n grains. Others go, where the memory is needed. What cannot be kept is not. */
void cache_put(struct cache *cache, size_t grain, size_t n, const uint8_t *data) _nonnull_(1, 4);

#endif
