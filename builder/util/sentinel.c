// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/sentinel.h"

#include <inttypes.h>
#include <stdio.h>

void cpio_stats_add(struct cpio_stats *to, const struct cpio_stats *from)
{
	to->members += from->members;
	to->bytes += from->bytes;
	to->digest[0] += from->digest[0];
	to->digest[1] += from->digest[1] + (to->digest[0] < from->digest[0]);
}

void cpio_stats_add_hash(struct cpio_stats *stats, XXH128_hash_t hash, uint64_t size)
{
	const struct cpio_stats member = { 1, size, { hash.low64, hash.high64 } };

	cpio_stats_add(stats, &member);
}

void cpio_stats_add_bytes(struct cpio_stats *stats, const uint8_t *member, size_t len,
			  uint64_t size)
{
	cpio_stats_add_hash(stats, XXH3_128bits(member, len), size);
}

char *cpio_sentinel(const struct cpio_stats *stats)
{
	char *text;

	if (asprintf(&text, "members=%" PRIu64 "\nxxh128=%016" PRIx64 "%016" PRIx64 "\n",
		     stats->members, stats->digest[1], stats->digest[0]) < 0)
		return NULL;
	return text;
}
