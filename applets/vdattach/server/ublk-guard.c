// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "applets/vdattach/server/pidfd.h"
#include "applets/vdattach/server/ublk.h"

/* linux/ptrace.h; that and sys/ptrace.h do not get on */
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

/* It may be in the middle of the disk's I/O. */
#define STOP_TRIES   500u
#define STOP_STEP_NS 10000000L

enum stop { STOP_NONE, STOP_BY_US, STOP_BY_SIGNAL, STOP_AT_END, STOP_ENDED };

/* Why the process stands, if it does; *ret_signal: what it would get. */
static enum stop ublk_guard_stop(pid_t pid, int *ret_signal)
{
	int status = 0;
	pid_t r = waitpid(pid, &status, WNOHANG | __WALL);

	if (r == 0)
		return STOP_NONE;
	if (r < 0 || !WIFSTOPPED(status))
		return STOP_ENDED;
	*ret_signal = WSTOPSIG(status);
	if (status >> 16 == PTRACE_EVENT_EXIT)
		return STOP_AT_END;
	return status >> 16 == PTRACE_EVENT_STOP ? STOP_BY_US : STOP_BY_SIGNAL;
}

/* A stop by SIGSTOP lasts until SIGCONT as if nobody traced. */
static void ublk_guard_go_on(pid_t pid, enum stop stop, int sig)
{
	bool group = stop == STOP_BY_US && sig != SIGTRAP;

	ptrace(group ? PTRACE_LISTEN : PTRACE_CONT, pid, NULL,
	       (void *)(uintptr_t)(stop == STOP_BY_SIGNAL ? sig : 0));
}

/* The kernel says of one that is dead and not waited for yet that it forbids it. */
static int ublk_guard_refused(pid_t pid, int why)
{
	_cleanup_close_ int pidfd = pidfd_of(pid);

	return pidfd < 0 || pidfd_wait(pidfd, 0) ? -ECHILD : why;
}

int ublk_guard(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = STOP_STEP_NS };
	int sig = 0;

	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)PTRACE_O_TRACEEXIT) < 0)
		return ublk_guard_refused(pid, -errno);
	/* one that stops now was not past the beginning of its end before */
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		return -ECHILD;
	for (unsigned int i = 0; i < STOP_TRIES; i++) {
		enum stop stop = ublk_guard_stop(pid, &sig);

		if (stop == STOP_AT_END || stop == STOP_ENDED) {
			ublk_guard_release(pid);
			return -ECHILD;
		}
		if (stop != STOP_NONE)
			ublk_guard_go_on(pid, stop, sig);
		if (stop == STOP_BY_US)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

bool ublk_guard_look(pid_t pid)
{
	enum stop stop;
	int sig = 0;

	do {
		stop = ublk_guard_stop(pid, &sig);
		if (stop == STOP_BY_US || stop == STOP_BY_SIGNAL)
			ublk_guard_go_on(pid, stop, sig);
	} while (stop == STOP_BY_US || stop == STOP_BY_SIGNAL);
	return stop == STOP_AT_END;
}

void ublk_guard_release(pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}
