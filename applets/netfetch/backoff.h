/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long to wait before the next try: twice as long each time, at random between the half and the
 * whole, so that a room of machines does not come back all at once.
 */
#ifndef APPLETS_NETFETCH_BACKOFF_H
#define APPLETS_NETFETCH_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST 1000U  /* ms */
#define BACKOFF_LAST  30000U /* ms */

struct backoff {
	unsigned int next; /* ms, the most that the next wait takes */
};

/* Something came: the next wait is a short one again. */
void backoff_reset(struct backoff *backoff);

/* Milliseconds to wait; random is any number. */
unsigned int backoff_take(struct backoff *backoff, uint32_t random);

#endif
