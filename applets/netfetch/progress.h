/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much has come, how fast, and how long the rest will take. */
#ifndef APPLETS_NETFETCH_PROGRESS_H
#define APPLETS_NETFETCH_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	const char *status; /* file of the boot's status line (skel/lib/status.sh), NULL: lines on
			       stderr */
	bool quiet;
	uint64_t began, last_line; /* seconds of the monotonic clock */
	uint64_t last_byte;	   /* when something new came */
	uint64_t done;		   /* bytes */
	uint64_t first;		   /* bytes that had come when the rate was first measured */
	int64_t total;		   /* bytes, -1 unknown */
	char what[512];		   /* the address as it is shown */
};

/* Seconds of the monotonic clock */
uint64_t progress_now(void);

void progress_start(struct progress *progress, const char *what);
void progress_total(struct progress *progress, int64_t total);
/* done: all bytes so far. Cheap. */
void progress_bytes(struct progress *progress, uint64_t done);
/* Nothing comes at the moment: what is waited for is reported, if it is time. */
void progress_idle(struct progress *progress);

/* "120 of 456 MiB (26 %), 11 MiB/s, 31 s left" into buf */
void progress_text(const struct progress *progress, uint64_t now, char *buf, size_t size);

#endif
