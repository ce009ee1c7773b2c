// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/write-log.h"

#include <string.h>

/* Whoever reads it after our death must not see an entry before its bytes. */
static void publish(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

bool write_log_touches(const struct write_log *log, uint64_t offset, uint64_t n,
		       uint32_t block_size)
{
	uint64_t size = MAX(block_size, 1u), start = offset - offset % size;
	uint64_t end = offset + n + size - 1;

	end -= end % size;
	for (uint32_t i = 0; i < log->n; i++) {
		const struct write_log_entry *e = log->entries + i;

		if (e->offset < end && start < e->offset + e->n)
			return true;
	}
	return false;
}

/* Sequential writes are one entry. */
static bool extend(struct write_log *log, const void *data, uint64_t n, uint64_t offset)
{
	struct write_log_entry *last = log->n ? log->entries + log->n - 1 : NULL;

	if (!last || last->offset + last->n != offset || last->zeroes != !data || last->failed)
		return false;
	log->used += data ? (uint32_t)n : 0;
	publish();
	last->n += n;
	return true;
}

bool write_log_add(struct write_log *log, const void *data, uint64_t n, uint64_t offset)
{
	if (data && n > WRITE_LOG_DATA - log->used)
		return false;
	if (data)
		memcpy(log->data + log->used, data, n);
	if (extend(log, data, n, offset))
		return true;
	if (log->n == WRITE_LOG_ENTRIES)
		return false;
	log->entries[log->n] = (struct write_log_entry){ offset, n, log->used, !data, false };
	log->used += data ? (uint32_t)n : 0;
	publish();
	log->n++;
	return true;
}

void write_log_fail(struct write_log *log, uint64_t end)
{
	struct write_log_entry *last = log->n ? log->entries + log->n - 1 : NULL;

	if (last && last->offset + last->n == end)
		last->failed = true;
}

void write_log_clear(struct write_log *log)
{
	log->n = 0;
	publish();
	log->used = 0;
}
