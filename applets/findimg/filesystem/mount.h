/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounting a candidate: to look at it without a trace, or to use it. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_MOUNT_H
#define APPLETS_FINDIMG_FILESYSTEM_MOUNT_H

#include <stdbool.h>

#include "applets/findimg/filesystem/table.h"
#include "common/error.h"

enum mount_purpose {
	MOUNT_LOOK,  /* read-only, no journal replay */
	MOUNT_WRITE, /* as the file system's own driver does it: its journal is replayed */
};

/*
 * Mounts source on the existing directory target with the first of type's drivers that the kernel
 * has (modules are asked for). NTFS falls back to /bin/ntfs-3g where the kernel has no driver,
 * where its driver can only read and writing is wanted, and for MOUNT_LOOK also where the driver
 * refuses; a volume that is marked dirty is not mounted for writing. more: mount data beside those
 * of the type, or NULL. Returns 0, or -errno with a
 * reason that tells the user what to do.
 */
int fs_mount(const char *source, const char *target, const struct fs_type *type,
	     enum mount_purpose purpose, const char *more, struct error **err) _must_check_;

/* Takes down what fs_mount mounted on target. 0 or -errno. */
int fs_unmount(const char *target, struct error **err) _must_check_;

/* Makes target mirror the directory that is mounted at place already; read-only where wanted. 0 or
 * -errno. */
int fs_bind(const char *place, const char *target, bool read_only, struct error **err) _must_check_;

/* Does /proc/filesystems text (nodev\tNAME or \tNAME a line) have driver? */
bool fs_list_has(const char *list, const char *driver);

#endif
