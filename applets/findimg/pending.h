/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that were asked what is on them and have not answered yet. */
#ifndef APPLETS_FINDIMG_PENDING_H
#define APPLETS_FINDIMG_PENDING_H

#include "applets/findimg/search.h"

void pending_add(struct candidate *c, const struct request *rq);

bool pending_any(const struct search *s);

/*
 * Waits until all have answered, each for a few seconds at most: then a message names it, and its
 * answer counts whenever it comes. 0, -EINTR when a signal ended that, or other -errno.
 */
int pending_gather(struct search *s) _must_check_;

/*
 * Sleeps in the kernel until a device answers, with events also until one comes, for so many
 * milliseconds. 1; 0 when that time is up; -EINTR on a signal, or other -errno.
 */
int pending_poll(struct search *s, bool events, int64_t milliseconds) _must_check_;

/* Says of each why it was not found there. */
void pending_name(struct search *s);

#endif
