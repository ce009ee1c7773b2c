/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef APPLETS_OVERLAYROOT_SOURCE_H
#define APPLETS_OVERLAYROOT_SOURCE_H

#include "common/error.h"

/* What is mounted somewhere, as in proc_pid_mountinfo(5): octal escapes are left as they
 * are. */
struct mount_source {
	char device[256]; /* or the name that the file system gave itself */
	char root[1024];  /* the part of the file system */
	char type[32];
};

/* The last mount on path. 0, or -ENOENT. */
int mount_source_of(const char *path, struct mount_source *ret);

#endif
