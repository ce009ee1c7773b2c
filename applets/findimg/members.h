/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File systems over several devices: their members are one candidate, not copies of each other. */
#ifndef APPLETS_FINDIMG_MEMBERS_H
#define APPLETS_FINDIMG_MEMBERS_H

#include "applets/findimg/candidate.h"

/* All candidates, in the order in which they are tried. */
struct members {
	struct candidate *list;
	size_t count;
};

/* A device came or changed: the others of its file system are to be examined again. */
void members_wake(struct members *s);

/* Fills in c->devices, when c was probed. Nothing is opened. 0 or -ENOMEM. */
int members_gather(const struct members *s, struct candidate *c, struct error **err) _must_check_;

/*
 * May the file system of c be used now? False, with c->why, when it is shown by another of its
 * devices, when devices are missing (unless impatient), and when they cannot be told apart. Without
 * dry_run the kernel knows all devices afterwards.
 */
bool members_usable(const struct members *s, struct candidate *c, bool impatient, bool dry_run);

/* The candidate before c that is the same file system of the same disk by another path; or NULL. */
const struct candidate *members_first_path(const struct members *s, const struct candidate *c);

#endif
