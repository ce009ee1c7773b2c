/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks after the disks and servers of the root while it runs. */
#ifndef APPLETS_EXITRD_WATCH_H
#define APPLETS_EXITRD_WATCH_H

#include <stddef.h>

#include "common/error.h"

/* What is asked of the init of a root that is gone must be done so soon. */
#define WATCH_END_SECONDS 60

/*
 * args: devices, and "--server PATH NAME" for what a server has: PATH as in server_start(), NAME
 * for the messages. Those of the devices that are in use, and the servers, are watched by a process
 * in the background, locked in memory, whose number is written to pidfile; without any of them
 * there is none. When one is gone it says so on the consoles; Ctrl-Alt-Del, the power button and
 * the same drive, when it is plugged in again, then end the machine without the root, and so does
 * the time when its init was asked to and has not. SIGTERM ends the process. Returns 0 to its
 * caller or -errno.
 */
int watch_root(char *const *args, const char *pidfile, struct error **err) _must_check_;

#endif
