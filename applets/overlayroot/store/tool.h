/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that do what we do not: mke2fs and e2fsck. */
#ifndef APPLETS_OVERLAYROOT_STORE_TOOL_H
#define APPLETS_OVERLAYROOT_STORE_TOOL_H

#include "common/error.h"

/*
 * Runs argv[0] (a name, looked for in /bin /sbin /usr/bin /usr/sbin) and waits. Its output goes to
 * our stderr: stdout is for results. Returns its exit status, -ENOENT when there is no such program
 * (no message), or -errno.
 */
int tool_run(const char *const argv[], struct error **err) _must_check_;

#endif
