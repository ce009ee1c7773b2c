/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far it is: a line that rewrites itself on a terminal, a line now and then elsewhere. */
#ifndef APPLETS_UNPACKROOT_PROGRESS_H
#define APPLETS_UNPACKROOT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t total; /* archive bytes, 0 unknown */
	bool tty;	/* stderr is a terminal */
	bool quiet;
	uint64_t next_tell; /* quarter, or 64 MiB of unpacked data, that is reported next */
	uint64_t next_time; /* milliseconds of CLOCK_MONOTONIC */
	bool line_open;	    /* the terminal's line was not ended yet */
};

void progress_begin(struct progress *p, uint64_t total, bool quiet);
/* done: archive bytes read. unpacked: bytes written. Cheap: call it as often as you like. */
void progress_update(struct progress *p, uint64_t done, uint64_t unpacked);
/* Clears the terminal's line, so that a message may follow. */
void progress_end(struct progress *p);

#endif
