/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks after the disks of the root while it runs. */
#ifndef APPLETS_EXITRD_WATCH_H
#define APPLETS_EXITRD_WATCH_H

#include <stddef.h>

#include "common/error.h"

/*
 * Those of the devices at paths that are in use are watched by a process in the background, locked
 * in memory, whose number is written to pidfile; without any of them there is none. When one is
 * removed it says so on the consoles; Ctrl-Alt-Del, the power button and the same medium, when it
 * is plugged in again, then end the machine without the root. SIGTERM ends the process. Returns 0
 * to its caller or -errno.
 */
int watch_media(char *const *paths, size_t count, const char *pidfile,
		struct error **err) _must_check_;

#endif
