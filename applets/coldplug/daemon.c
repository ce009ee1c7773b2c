// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/file.h"
#include "common/msg.h"

#define STOP_LIMIT 10000 /* milliseconds */

int daemon_write_pid(const char *path, pid_t pid)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	fprintf(f, "%d\n", (int)pid);
	return fclose(f) == 0 ? 0 : -errno;
}

/* The caller of coldplug -d may wait for the end of our output. */
static void let_go(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") < 0 || fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
}

static int block_signals(struct error **err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_sys(err, errno, "cannot wait for signals") : fd;
}

int daemon_follow(struct hardware *h, int uevents, const char *pidfile)
{
	struct error *err = NULL;
	int signals = block_signals(&err);
	pid_t pid = signals < 0 ? -1 : fork();

	if (signals < 0)
		return msg_fail(err);
	if (pid < 0) {
		error_sys(&err, errno, "cannot go to the background");
		return msg_fail(err);
	}
	if (pid > 0) {
		int r = pidfile ? daemon_write_pid(pidfile, pid) : 0;

		if (r == 0)
			return 0;
		kill(pid, SIGTERM);
		error_sys(&err, r, "cannot write '%s'", pidfile);
		return msg_fail(err);
	}
	let_go();
	return hardware_follow(h, uevents, signals, &err) < 0 ? msg_fail(err) : 0;
}

int daemon_stop(const char *pidfile, struct error **err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;
	int r = read_text(pidfile, &text, NULL);
	pid_t pid = r < 0 ? 0 : (pid_t)strtol(text, NULL, 10);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", pidfile);
	if (pid <= 1)
		return error_make(err, EINVAL, "'%s' holds no process id", pidfile);
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0 && errno == ESRCH)
		return 0;
	if (kill(pid, SIGTERM) < 0)
		return errno == ESRCH ? 0
				      : error_sys(err, errno, "cannot end process %d", (int)pid);
	if (fd < 0) /* before Linux 5.3 */
		return 0;
	r = poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, STOP_LIMIT);
	if (r > 0)
		return 0;
	return error_make(err, ETIMEDOUT, "process %d is still loading a module after %d seconds",
			  (int)pid, STOP_LIMIT / 1000);
}
