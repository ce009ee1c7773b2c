/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker that is killed would take with it. Formats keep new mapping entries in memory until
 * the guest flushes, so a write to a new block was answered, lies in the file, and nothing says
 * where. The guest will not write it again. So each write that depends on such an entry is kept
 * here, in memory that outlives the worker, until a flush has made the entries durable; the next
 * worker does them again. Writes to blocks that have their place need no log: the page cache of the
 * host has them.
 */
#ifndef VDATTACH_WRITE_LOG_H
#define VDATTACH_WRITE_LOG_H

#include <stdbool.h>

#include "common/macro.h"

#define WRITE_LOG_ENTRIES 1024u
#define WRITE_LOG_DATA	  ((uint32_t)(4 * MIB))

/* All zero = empty. Shared by all workers of a disk, one after the other. */
struct write_log {
	uint32_t n, used; /* entries, bytes of data */
	struct write_log_entry {
		uint64_t offset, n; /* of the disk */
		uint32_t data;	    /* where its bytes begin */
		bool zeroes;	    /* it has no bytes: all are zero */
		bool failed;	    /* its end could not be written, as the guest was told */
	} entries[WRITE_LOG_ENTRIES];
	uint8_t data[WRITE_LOG_DATA];
};

/* Whether any of the bytes share a block of that size with a write in the log. */
bool write_log_touches(const struct write_log *log, uint64_t offset, uint64_t n,
		       uint32_t block_size) _nonnull_(1);

/* Adds a write. data: NULL = zeros. False, and nothing was added, when there is no room. */
bool write_log_add(struct write_log *log, const void *data, uint64_t n,
		   uint64_t offset) _must_check_ _nonnull_(1);

/* The write that ends there failed: doing it again may fail too. */
void write_log_fail(struct write_log *log, uint64_t end) _nonnull_(1);

static inline bool write_log_is_empty(const struct write_log *log)
{
	return log->n == 0;
}

void write_log_clear(struct write_log *log) _nonnull_(1);

#endif
