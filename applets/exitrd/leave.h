/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a machine whose root is gone: nothing of it is needed, all is in memory. */
#ifndef APPLETS_EXITRD_LEAVE_H
#define APPLETS_EXITRD_LEAVE_H

#include <stdbool.h>

/*
 * Writes out what other disks can take, makes their file systems read-only, and restarts the
 * machine or powers it off. Each step has a time limit. proc, dev: descriptors of /proc and /dev,
 * as no path of the root may be looked up: that may never return. SIGCHLD must be blocked.
 */
_Noreturn void leave_machine(int proc, int dev, bool poweroff);

#endif
