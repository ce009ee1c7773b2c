/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the daemon lives: a mount namespace of its own with a tmpfs as root, in which there are
 * /dev, /proc, /sys and the directories of the image's files, at the paths that they have outside.
 * No other mount of the machine is held by it, and nobody outside can unmount the directories under
 * it.
 */
#ifndef APPLETS_VDATTACH_DAEMON_SANDBOX_H
#define APPLETS_VDATTACH_DAEMON_SANDBOX_H

#include "common/error.h"
#include "common/macro.h"

#define SANDBOX_DIRECTORIES_MAX 64u

/*
 * Moves this process, which must have one thread, into a new sandbox. directories: n canonical
 * paths.
 * "/" stands for all that lies directly in it. The working directory is / afterwards. 0 or -errno.
 */
int sandbox_enter(const char *const *directories, size_t n, struct error **err) _must_check_;

/*
 * Unmounts the directories; the file systems are free when it returns, if nobody else holds them.
 * For any process of the mount sandbox, when no file there is open any more. 0 or -errno of the
 * first that would not go.
 */
int sandbox_release(struct error **err) _must_check_;

#endif
