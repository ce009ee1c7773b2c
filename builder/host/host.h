/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the builder knows of the machine or SYSROOT that it builds for. */
#ifndef BUILDER_HOST_HOST_H
#define BUILDER_HOST_HOST_H

#include <stdbool.h>

#include "common/error.h"

struct host {
	char *sysroot;	   /* "" for the running system; never ends in '/' */
	char *kver;	   /* "6.12.117+deb12-amd64" */
	char *modules_dir; /* SYSROOT/lib/modules/KVER or SYSROOT/usr/lib/modules/KVER, without
			      links */
	char *data_dir; /* where skel/ and profiles/ lie: installed share dir, or the source tree */
	char *applets_dir;   /* where the static applets and busybox lie */
	char *libexec_dir;   /* where the scripts for git-style dispatch lie */
	char *cache_dir;     /* content cache, may not exist yet; NULL = no cache */
	char *kernel_config; /* text of SYSROOT/boot/config-KVER or lib/modules/KVER/config, NULL
				when there is none */
};

/* Only data_dir, applets_dir, libexec_dir, cache_dir: what `profile list` and dispatch need. */
int host_init_paths(struct host *host, struct error **err) _must_check_;

/*
 * The facts of the kernel and of the system at sysroot (NULL: that of host_init_paths(), which need
 * not have run otherwise). kver is a version or the path of a vmlinuz; NULL: the only version below
 * SYSROOT/lib/modules and SYSROOT/usr/lib/modules (of several, the only one with a modules.dep),
 * else `uname -r`. On failure host is still to be released. Errors: -ENOENT no module directory
 * (the message lists those that exist).
 */
int host_find_kernel(struct host *host, const char *sysroot, const char *kver,
		     struct error **err) _must_check_;

/* Both of the above; host is empty after a failure. */
int host_init(struct host *host, const char *sysroot, const char *kver,
	      struct error **err) _must_check_;

/* Sets kernel_config from where distributions keep it below sysroot, given kver; that there is none
 * is no error. */
void host_read_kernel_config(struct host *host);

/* CONFIG_<name>: 'y', 'm', 'n', or '?' when there is no configuration to read. */
char host_kernel_config(const struct host *host, const char *name);

/*
 * Resolves an absolute path of the target below sysroot, following symlinks as if sysroot were /.
 * *ret is a host path owned by the caller. -ENOENT, -ELOOP.
 */
int host_resolve(const struct host *host, const char *path, char **ret,
		 struct error **err) _must_check_;

void host_release(struct host *host);

#endif
