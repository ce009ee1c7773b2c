/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a machine whose root is gone: nothing of it is needed, all is in memory. */
#ifndef APPLETS_EXITRD_LEAVE_H
#define APPLETS_EXITRD_LEAVE_H

#include <stdbool.h>

/*
 * Writes out what other disks can take, makes their file systems read-only, and restarts the
 * machine or powers it off. Each step has a time limit. proc: a descriptor of /proc; SIGCHLD must
 * be blocked.
 */
_Noreturn void leave_machine(int proc, bool poweroff);

#endif
