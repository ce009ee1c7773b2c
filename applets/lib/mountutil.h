/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts and directories. */
#ifndef APPLETS_LIB_MOUNTUTIL_H
#define APPLETS_LIB_MOUNTUTIL_H

#include <sys/types.h>

#include "common/error.h"

/*
 * mount(2), with the file system's module asked for when the kernel does not know the type yet.
 * source and data may be NULL; type is required unless flags hold MS_BIND, MS_MOVE, MS_REMOUNT
 * or a propagation flag. Returns 0 or -errno with a message that names source, target and type.
 */
int mount_fs(const char *source, const char *target, const char *type, unsigned long flags,
	     const char *data, struct error **err) _must_check_;

/* Unmounts target (flags of umount2). Returns 0 or -errno with *err set. */
int unmount_fs(const char *target, int flags, struct error **err) _must_check_;

/*
 * Makes path and its missing parents, as mkdir -p. mode is that of path itself, parents get 0755;
 * the umask does not count. A directory that exists keeps its mode. Returns 0 or -errno.
 */
int make_dirs(const char *path, mode_t mode, struct error **err) _must_check_;

#endif
