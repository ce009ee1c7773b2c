// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Exporters without a daemon: the kernel is asked by a process that can be left behind, since a
 * system call that does not return cannot be given up by who makes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "applets/vdattach/export/export.h"
#include "applets/vdattach/server/pidfd.h"
#include "common/msg.h"

#define REPORT_MAX 1024u

/* In milliseconds, as for the exporters that have a daemon (daemon/await.c). */
#define LIMIT_MS 10000
#define TELL_MS	 5000
#define END_MS	 2000

struct attempt {
	const struct vd_export *ex;
	int report; /* of the process: what it has to say, then its end */
	int limit;
	pid_t pid;
	char text[REPORT_MAX];
	size_t used;
};

_noreturn_ static void attempt_run(struct vd_export *ex, int report)
{
	_cleanup_error_ struct error *err = NULL;
	int r = ex->ops->attach(ex, &err);

	dprintf(report, "%d %s", -r, r < 0 ? error_msg(err) : ex->devpath);
	_exit(0);
}

static int64_t attempt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: milliseconds have passed, and the process has not told yet. */
static bool attempt_read(struct attempt *attempt, int milliseconds)
{
	int64_t now = attempt_now_ms(), end = now + milliseconds;
	struct pollfd poller = { attempt->report, POLLIN, 0 };
	ssize_t n = 1;

	for (; n != 0 && now < end; now = attempt_now_ms()) {
		if (poll(&poller, 1, (int)(end - now)) <= 0)
			continue;
		n = read(attempt->report, attempt->text + attempt->used,
			 sizeof(attempt->text) - 1 - attempt->used);
		attempt->used += n > 0 ? (size_t)n : 0;
	}
	attempt->text[attempt->used] = '\0';
	return n == 0;
}

static bool attempt_await(struct attempt *attempt)
{
	int left = attempt->limit;

	while (!attempt_read(attempt, MIN(left, TELL_MS))) {
		left -= MIN(left, TELL_MS);
		if (left == 0)
			return false;
		msg(MSG_WARNING,
		    "%s: the kernel has not answered exporter %s yet: waiting for %d s more",
		    attempt->ex->image->source->name, attempt->ex->ops->name, (left + 999) / 1000);
	}
	return true;
}

/* One that cannot die is left. */
static void attempt_end(const struct attempt *attempt)
{
	int pidfd = pidfd_of(attempt->pid);

	kill(attempt->pid, SIGKILL);
	if (pidfd < 0 || pidfd_wait(pidfd, END_MS))
		waitpid(attempt->pid, NULL, 0);
	else
		msg(MSG_WARNING, "exporter %s: process %d does not end, it is left behind",
		    attempt->ex->ops->name, (int)attempt->pid);
	closep(&pidfd);
}

/* "0 /dev/loop0", or an error number and a message. */
static int attempt_result(const struct attempt *attempt, char **ret_devpath, struct error **err)
{
	char *rest;
	long code = strtol(attempt->text, &rest, 10);

	waitpid(attempt->pid, NULL, 0);
	if (attempt->used == 0)
		return error_make(err, ECHILD, "the process that asks the kernel was killed");
	rest += *rest == ' ';
	if (code)
		return error_make(err, (int)code, "%s", rest);
	*ret_devpath = strdup(rest);
	return *ret_devpath ? 0 : error_sys(err, ENOMEM, "cannot attach");
}

int vd_export_attempt(struct vd_export *ex, struct error **err)
{
	struct attempt attempt = { .ex = ex, .limit = ex->limit_ms ? ex->limit_ms : LIMIT_MS };
	int r, fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, errno, "cannot make a pipe");
	attempt.report = fds[0];
	attempt.pid = fork();
	if (attempt.pid == 0)
		attempt_run(ex, fds[1]);
	close(fds[1]);
	if (attempt.pid < 0) {
		r = error_sys(err, errno, "cannot fork");
	} else if (attempt_await(&attempt)) {
		r = attempt_result(&attempt, &ex->devpath, err);
	} else {
		attempt_end(&attempt);
		ex->others_may = true;
		r = error_make(err, ETIMEDOUT, "the kernel has not answered within %d s",
			       (attempt.limit + 999) / 1000);
	}
	close(attempt.report);
	return r;
}
