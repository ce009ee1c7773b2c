/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things lie in a sysroot: merged (lib is a link to usr/lib), split (both are directories),
 * or unpacked packages of a merged system (usr/lib only). All links are followed as if sysroot were
 * /.
 */
#ifndef BUILDER_HOST_PLACES_H
#define BUILDER_HOST_PLACES_H

#include "builder/host/host.h"
#include "builder/util/vec.h"

/*
 * The n-th other path that a file may have: with or without usr/ in front of lib*, bin and sbin,
 * and bin for sbin. Owned by the caller. NULL after the last one, or without memory.
 */
char *host_other_path(const char *path, unsigned n);

/* Takes "//", "/./" and "/../" out of an absolute path by its text, in place. */
void path_tidy(char *path);

/* host_resolve(), and where that finds nothing, the same for the other paths. */
int host_resolve_any(const struct host *host, const char *path, char **ret,
		     struct error **err) _must_check_;

/* The directories that exist of path ("/lib/firmware") and its other paths (char *, host paths,
 * owned by the caller), each once. None is no error. */
int host_directories(const struct host *host, const char *path, struct vec *ret,
		     struct error **err) _must_check_;

/* The host path of the file that lies at `name` below `directory`, itself a host path in the
 * sysroot. */
int host_resolve_below(const struct host *host, const char *directory, const char *name, char **ret,
		       struct error **err) _must_check_;

/*
 * The paths of the target that match an absolute shell pattern, as char * owned by the caller, in
 * byte order. What cannot be read or does not exist matches nothing.
 */
int host_glob(const struct host *host, const char *pattern, struct vec *paths,
	      struct error **err) _must_check_;

#endif
