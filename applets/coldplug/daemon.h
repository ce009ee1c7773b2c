/* SPDX-License-Identifier: GPL-2.0-or-later */
/* coldplug in the background. */
#ifndef APPLETS_COLDPLUG_DAEMON_H
#define APPLETS_COLDPLUG_DAEMON_H

#include <sys/types.h>

#include "applets/coldplug/hardware.h"

/*
 * Follows the hardware (see hardware_follow) in a process of its own, whose id is written to
 * pidfile if that is not NULL. Returns the exit status of the process that it returns in.
 */
int daemon_follow(struct hardware *h, int uevents, const char *pidfile);

/* Writes pid to the file path, a line of its own. 0 or -errno. */
int daemon_write_pid(const char *path, pid_t pid) _must_check_;

/*
 * Sends SIGTERM to the process that pidfile names, and waits until it has ended, 10 seconds at
 * most. 0 (also when there is no such file or process), -ETIMEDOUT or another -errno.
 */
int daemon_stop(const char *pidfile, struct error **err) _must_check_;

#endif
