/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a program or library of the target lies. */
#ifndef BUILDER_RESOLVE_PLACE_H
#define BUILDER_RESOLVE_PLACE_H

#include "builder/host/host.h"

/*
 * path with its directory resolved below the sysroot, a symlink at its end not: *ret is the path in
 * the target, *ret_host the one to open; both are owned by the caller. In a sysroot where it is
 * missing it may have one of its other names. -ENOENT: its directory does not exist; -EINVAL: not
 * the path of a file.
 */
int program_place(const struct host *host, const char *path, char **ret, char **ret_host,
		  struct error **err) _must_check_;

/* Describes that nothing is at path, and returns -ENOENT. */
int program_missing(const struct host *host, const char *path, struct error **err) _must_check_;

#endif
