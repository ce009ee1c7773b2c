/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes as descriptors (Linux 5.3): readable when the process has ended, whoever its parent is.
 */
#ifndef APPLETS_VDATTACH_SERVER_PIDFD_H
#define APPLETS_VDATTACH_SERVER_PIDFD_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "common/macro.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* A descriptor, close-on-exec, or -1: there is no such process. */
static inline int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* 0, or -1: it has ended already. */
static inline int pidfd_kill(int pidfd)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

/* Waits until the process has ended. False when milliseconds (-1: no limit) have passed before. */
static inline bool pidfd_wait(int pidfd, int milliseconds)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int r;

	do {
		r = poll(&poller, 1, milliseconds);
	} while (r < 0);
	return r > 0;
}

#endif
