/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Software RAID: arrays are assembled while the search continues, their members being seen. */
#ifndef APPLETS_FINDIMG_RAID_H
#define APPLETS_FINDIMG_RAID_H

#include "applets/findimg/candidate.h"

/* Hands c, which was probed, to mdadm when it is a member of an array that rq->raid asks for, and
 * of none yet. The array itself appears by its own event. */
void raid_add(const struct candidate *c, const struct request *rq);

/* c is a member of an array that waits for others; its path is in array. */
bool raid_lacks(const struct candidate *c, const struct request *rq, char *array, size_t size);

/* Starts the array, if any, that waits for members beside c, without them. Says so.
 * Returns whether one was started. */
bool raid_start(const struct candidate *c, const struct request *rq);

/* Does list ("all", or UUIDs with commas or blanks between) name the array uuid? Case, '-' and ':'
 * do not count. */
bool raid_listed(const char *list, const char *uuid);

#endif
