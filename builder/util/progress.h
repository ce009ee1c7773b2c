/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bar on the terminal for what takes more than a second. */
#ifndef BUILDER_UTIL_PROGRESS_H
#define BUILDER_UTIL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t total;
	uint64_t started, drawn; /* milliseconds */
	bool enabled;
};

/* Milliseconds on the monotonic clock. */
uint64_t progress_clock(void);

/* quiet or a stderr that is no terminal: nothing is ever drawn. */
void progress_begin(struct progress *progress, uint64_t total, bool quiet);
/* Draws at most ten times a second, and nothing in the first one. */
void progress_update(struct progress *progress, uint64_t done);
/* Wipes the bar away. */
void progress_end(struct progress *progress);

#endif
