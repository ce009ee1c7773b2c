/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of one directory, for formats that know their parent by an id alone. */
#ifndef APPLETS_VDATTACH_SOURCE_SIBLINGS_H
#define APPLETS_VDATTACH_SOURCE_SIBLINGS_H

#include "common/error.h"

#define SIBLINGS_MAX 4096u

/*
 * Calls visit for the regular files in the directory dir_fd (which is closed) but
 * for skip, in the order of strcmp, at most SIBLINGS_MAX. visit: 0 continue, 1
 * enough, -errno. Returns what the last visit did, 0, or -errno; *err is set for failures of its
 * own.
 */
int siblings_visit(int dir_fd, const char *skip, int (*visit)(void *arg, const char *name),
		   void *arg, struct error **err) _must_check_ _nonnull_(2, 3);

#endif
