// SPDX-License-Identifier: GPL-2.0-or-later
/* How the other processes of a daemon come into being. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "applets/vdattach/daemon/role.h"
#include "applets/vdattach/daemon/supervisor.h"
#include "applets/vdattach/server/pidfd.h"

/* The device that start() makes may not be there yet when it is to be aborted. */
#define ABORT_AGAIN_MS 100

/* The worker tells, or ends. */
static int wait_ready(int ready, int worker, struct daemon_state *state, struct error **err)
{
	struct pollfd fds[] = { { ready, POLLIN, 0 }, { worker, POLLIN, 0 } };
	char byte;

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		;
	if ((fds[0].revents & POLLIN) && read(ready, &byte, 1) == 1)
		return 0;
	pidfd_wait(worker, -1);
	return error_make(err, state->result, "%s", state->message);
}

struct attempt {
	struct supervisor *s;
	int over; /* eventfd: start() has returned */
	bool failed;
};

static void *watch_attempt(void *arg)
{
	struct attempt *attempt = arg;
	struct supervisor *s = attempt->s;
	struct pollfd fds[] = { { attempt->over, POLLIN, 0 }, { s->worker, POLLIN, 0 } };

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		;
	while (!fds[0].revents) {
		attempt->failed = true;
		s->job->ops->abort(&s->server);
		poll(fds, 1, ABORT_AGAIN_MS);
	}
	return NULL;
}

/*
 * The kernel reads the first sectors before start() returns, and would wait for ever for a worker
 * that is killed meanwhile: only we could replace it.
 */
static int start_device(struct supervisor *s, int pid, bool again, struct error **err)
{
	const struct vd_server_ops *ops = s->job->ops;
	struct attempt attempt = { .s = s, .over = -1 };
	const uint64_t one = 1;
	pthread_t thread;
	int r;

	if (again || !ops->abort)
		return ops->start(&s->server, pid, again, err);
	attempt.over = eventfd(0, EFD_CLOEXEC);
	if (attempt.over < 0)
		return error_sys(err, errno, "cannot call eventfd");
	r = pthread_create(&thread, NULL, watch_attempt, &attempt);
	if (r == 0) {
		r = ops->start(&s->server, pid, again, err);
		(void)!write(attempt.over, &one, sizeof(one));
		pthread_join(thread, NULL);
	} else {
		r = error_sys(err, r, "cannot start a thread");
	}
	close(attempt.over);
	if (!attempt.failed)
		return r;
	if (r == 0)
		ops->stop(&s->server, NULL);
	error_release(err);
	return error_make(err, ECHILD, "%s", s->state->message);
}

int supervisor_start_worker(struct supervisor *s, bool again, struct error **err)
{
	_cleanup_close_ int ready = -1;
	int r, fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, errno, "cannot make a pipe");
	ready = fds[0];
	s->state->result = -ECHILD;
	snprintf(s->state->message, sizeof(s->state->message), "the worker was killed");
	pid = fork();
	if (pid == 0) {
		closep(&s->control);
		closep(&s->report);
		closep(&ready);
		s->server.ready_fd = fds[1];
		s->state->worker = getpid();
		worker_run(s->job, &s->server, s->self);
	}
	close(fds[1]);
	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	s->state->worker = pid;
	s->worker = pidfd_of(pid);
	if (s->worker < 0)
		return error_sys(err, errno, "cannot call pidfd_open");
	r = wait_ready(ready, s->worker, s->state, err);
	if (r == 0)
		r = start_device(s, pid, again, err);
	if (r < 0) {
		kill(pid, SIGKILL);
		pidfd_wait(s->worker, -1);
	}
	return r;
}

void supervisor_start_monitor(struct supervisor *s)
{
	pid_t pid;

	s->monitor = role_process(ROLE_MONITOR);
	if (s->monitor >= 0)
		return;
	pid = fork();
	if (pid == 0) {
		closep(&s->control);
		closep(&s->report);
		closep(&s->self);
		closep(&s->worker);
		monitor_run(s->job);
	}
	s->monitor = pid > 0 ? pidfd_of(pid) : -1;
}

void supervisor_end_monitor(struct supervisor *s)
{
	s->state->stopping = true;
	if (s->monitor >= 0 && pidfd_kill(s->monitor) == 0)
		pidfd_wait(s->monitor, -1);
	closep(&s->monitor);
	s->monitor = -1;
}
