/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base segment: busybox, applets, skel. The same in most images, so its compressed bytes are
 * kept in the cache. */
#ifndef BUILDER_WRITE_BASE_H
#define BUILDER_WRITE_BASE_H

#include <stdbool.h>

#include "builder/write/compress.h"
#include "builder/write/cpio.h"

struct base_request {
	const struct fileset *set;
	uint32_t mtime;
	const struct compressor *compressor;
	int level;
	unsigned jobs;
	const char *cache_dir; /* NULL = no cache */
};

/* Writes SEGMENT_BASE of the set and adds to *stats. *ret_cached tells whether its bytes came from
 * the cache. */
int base_write(const struct base_request *request, struct sink *to, struct cpio_stats *stats,
	       bool *ret_cached, struct error **err) _must_check_;

#endif
