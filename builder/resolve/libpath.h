/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the dynamic linker of the target looks for a library. Source: ld.so(8), ldconfig(8). */
#ifndef BUILDER_RESOLVE_LIBPATH_H
#define BUILDER_RESOLVE_LIBPATH_H

#include "builder/host/host.h"
#include "builder/resolve/elf.h"

struct libpath {
	struct vec configured; /* of char *: directories of etc/ld.so.conf or etc/ld-musl-*.path, in
				  order */
	struct vec multiarch;  /* of char *: lib/x86_64-linux-gnu and the like */
};

int libpath_open(struct libpath *path, const struct host *host, struct error **err) _must_check_;

/*
 * Finds library `name`, needed by the file at `origin` (a path of the target). *ret is its path in
 * the target, owned by the caller; *ret_builtin tells whether the linker of an image without
 * ld.so.cache looks there too. Libraries for another machine or word size are passed over. -ENOENT:
 * not found; *err is not set.
 */
int libpath_find(const struct libpath *path, const struct host *host, const struct elf_facts *by,
		 const char *origin, const char *name, char **ret, bool *ret_builtin,
		 struct error **err) _must_check_;

void libpath_release(struct libpath *path);

#endif
