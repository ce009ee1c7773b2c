/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An archive and those before it: NAME, NAME.1 (the one before), NAME.2, ... in one directory. */
#ifndef APPLETS_PACKROOT_GENERATIONS_H
#define APPLETS_PACKROOT_GENERATIONS_H

#include <stdbool.h>

#include "common/error.h"

struct generations {
	int dir;	    /* directory of the archives; owned */
	char *name, *fresh; /* NAME and NAME.new; owned */
	unsigned int keep;
	bool damaged; /* NAME is no archive worth keeping */
};

/* 0 or -errno. Released with generations_release in any case. */
int generations_open(const char *path, struct generations *ret, struct error **err) _must_check_;

/* NAME.new, empty, for writing. Returns the descriptor, the caller's, or -errno. */
int generations_begin(const struct generations *g, struct error **err) _must_check_;

/* Removes the oldest one that there is, for its room. Whether there was one. */
bool generations_drop_oldest(const struct generations *g);

/*
 * fd (NAME.new) is on the disk and becomes NAME, which becomes NAME.1, ...: whenever the power
 * goes, NAME or NAME.1 is a whole archive. 0 or -errno.
 */
int generations_commit(const struct generations *g, int fd, struct error **err) _must_check_;

/* Removes NAME.new. */
void generations_abort(const struct generations *g);

void generations_release(struct generations *g);

#endif
