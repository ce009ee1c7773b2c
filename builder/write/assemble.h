/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan becomes the bytes of an image. */
#ifndef BUILDER_WRITE_ASSEMBLE_H
#define BUILDER_WRITE_ASSEMBLE_H

#include <stdbool.h>

#include "builder/plan/plan.h"
#include "builder/write/output.h"

struct assemble_options {
	unsigned jobs;	/* threads of the compressor, 0 = all CPUs; no influence on the bytes */
	uint32_t mtime; /* of every member, seconds */
	const char *cache_dir; /* NULL = no cache */
	/* Called now and then with the number of unpacked bytes done; may be NULL. */
	void (*progress)(void *context, uint64_t done);
	void *context;
};

struct segment_stats {
	const char *name;	/* "microcode", "base", "modules", "stored" */
	const char *compressor; /* "none" for what is stored */
	uint64_t members, bytes, packed;
	bool cached;
};

struct assemble_stats {
	struct segment_stats segments[SEGMENT_COUNT];
	size_t count;
};

/*
 * Writes the image into out (neither checked nor committed). Moves the contents that the plan holds
 * in memory away: the plan can be released, no more. The same plan and mtime give the same bytes,
 * whatever the cache holds. -ENOSPC before anything is written: what goes in as it is does not fit.
 */
int assemble(struct plan *plan, const struct assemble_options *options, struct output *out,
	     struct assemble_stats *ret_stats, struct error **err) _must_check_;

#endif
