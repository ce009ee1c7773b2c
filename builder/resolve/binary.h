/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program with its interpreter, its libraries and theirs; symlinks on the way are kept as
 * symlinks. */
#ifndef BUILDER_RESOLVE_BINARY_H
#define BUILDER_RESOLVE_BINARY_H

#include "builder/host/host.h"
#include "builder/resolve/libpath.h"

struct binary_file {
	char *path; /* in the target, directories resolved: "/usr/lib/x86_64-linux-gnu/libc.so.6" */
	char *source; /* host path; NULL for a symlink */
	char *target; /* of a symlink: absolute path in the target with directories resolved, or a
			 bare name */
	uint64_t size;
	char *reason; /* "library of /usr/bin/foo", NULL for the program itself */
};

struct binary_set {
	const struct host *host;
	struct libpath libpath;
	struct vec files; /* of struct binary_file, owned; each path once */
	/* An rpath counts for the libraries of libraries too: that of the program at hand. */
	const struct elf_facts *program;
	const char *program_path;
	const struct binary_file *last; /* the program that was added last */
};

int binary_set_open(struct binary_set *set, const struct host *host,
		    struct error **err) _must_check_;

/*
 * Adds the program at path (absolute, in the target) and all that it needs to be started. -ENOENT:
 * it, its interpreter or a library does not exist below the sysroot; -ELOOP; -EINVAL: not a regular
 * file.
 */
int binary_set_add(struct binary_set *set, const char *path, struct error **err) _must_check_;

/*
 * Adds a library that the program added last loads by name while it runs (dlopen). -ENOENT as
 * above, and where the program itself is missing.
 */
int binary_set_add_loaded(struct binary_set *set, const char *name,
			  struct error **err) _must_check_;

void binary_set_release(struct binary_set *set);

#endif
