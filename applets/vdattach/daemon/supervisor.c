// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that owns the device. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "applets/vdattach/daemon/daemon.h"
#include "applets/vdattach/daemon/role.h"
#include "applets/vdattach/daemon/sandbox.h"
#include "applets/vdattach/daemon/supervisor.h"
#include "applets/vdattach/export/control.h"
#include "applets/vdattach/server/pidfd.h"
#include "applets/vdattach/source/sysfs.h"
#include "common/msg.h"

/* A worker that cannot be started is tried again after that, in milliseconds. */
#define RETRY_MS 500

/* How long a worker that was killed may take to give its image back, in milliseconds. */
#define END_MS 2000

static const char *device_name(const struct supervisor *s)
{
	return strrchr(s->server.devpath, '/') + 1;
}

/* Whether somebody else has taken the device down: its size is 0 then, or it is not there. */
static bool device_is_gone(const struct supervisor *s)
{
	uint64_t sectors = 0;

	return sysfs_read_u64(device_name(s), "size", &sectors) < 0 || sectors == 0;
}

static void forget_worker(struct supervisor *s)
{
	closep(&s->worker);
	s->worker = -1;
}

/* The worker is dead. 0, or -errno: to be tried again. */
static int replace_worker(struct supervisor *s, struct error **err)
{
	const struct vd_server_ops *ops = s->job->ops;
	int r = 0;

	s->state->replacing = true;
	if (!s->waiting)
		r = ops->recover
			    ? ops->recover(&s->server, err)
			    : error_make(err, EOPNOTSUPP, "%s cannot be taken over", ops->name);
	if (r < 0)
		return r;
	s->waiting = true;
	r = supervisor_start_worker(s, true, err);
	if (r < 0) {
		forget_worker(s);
		return r;
	}
	s->waiting = s->state->replacing = false;
	msg(MSG_WARNING, "%s: the worker of %s was killed and is restarted", s->server.devpath,
	    s->state->image);
	s->told = false;
	return 0;
}

static void try_replace(struct supervisor *s)
{
	_cleanup_error_ struct error *err = NULL;

	if (replace_worker(s, &err) == 0 || s->told)
		return;
	s->told = true;
	msg(MSG_ERROR, "I/O on %s is suspended until a worker can be started: %s",
	    s->server.devpath, error_msg(err));
}

static void supervisor_describe(const struct supervisor *s, char *text, size_t size)
{
	const struct daemon_state *state = s->state;

	snprintf(text, size,
		 "exporter=%s\nsupervisor=%d\nworker=%d\nread-only=%d\nsize=%" PRIu64 "\nimage=%s",
		 state->exporter, (int)state->supervisor, (int)state->worker, state->read_only,
		 state->size, state->image);
}

/*
 * What lies in the page cache of the device goes to the worker, which may die while it does and is
 * replaced by us: so another process waits for it.
 */
static void write_out(struct supervisor *s)
{
	struct pollfd fds[2];
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(s->server.devpath, O_RDONLY | O_CLOEXEC);

		_exit(fd < 0 || fsync(fd) < 0);
	}
	fds[0] = (struct pollfd){ pid > 0 ? pidfd_of(pid) : -1, POLLIN, 0 };
	while (fds[0].fd >= 0) {
		fds[1] = (struct pollfd){ s->worker, POLLIN, 0 };
		if (poll(fds, 2, s->worker < 0 ? RETRY_MS : -1) >= 0 && fds[0].revents)
			break;
		if (s->worker >= 0 && fds[1].revents)
			forget_worker(s);
		if (s->worker < 0)
			try_replace(s);
	}
	closep(&fds[0].fd);
}

/* Takes the device down, waits for the worker's last writes, lets the host's file systems go. */
static int take_down(struct supervisor *s, struct error **err)
{
	struct daemon_state *state = s->state;
	int r, released;

	if (s->worker < 0)
		return error_make(err, EAGAIN, "%s has no worker now", s->server.devpath);
	write_out(s);
	state->stopping = true;
	r = s->job->ops->stop(&s->server, err);
	if (r < 0) {
		state->stopping = false;
		return r;
	}
	pidfd_wait(s->worker, -1);
	r = state->result;
	if (r < 0)
		error_make(err, r, "%s is detached, but not all is written: %s", s->server.devpath,
			   state->message);
	s->job->ops->destroy(&s->server);
	supervisor_end_monitor(s);
	released = sandbox_release(r == 0 ? err : NULL);
	return r < 0 ? r : released;
}

/* One question. True when the device is gone. */
static bool take_question(struct supervisor *s)
{
	_cleanup_error_ struct error *err = NULL;
	char text[CONTROL_TEXT_MAX];
	int r = -EINVAL, fd = control_take(s->control, text, sizeof(text));
	bool gone = false;

	if (fd < 0)
		return false;
	if (strcmp(text, "info") == 0) {
		supervisor_describe(s, text, sizeof(text));
		r = 0;
	} else if (strcmp(text, "detach") == 0) {
		r = take_down(s, &err);
		gone = s->state->stopping;
		snprintf(text, sizeof(text), "%s", r < 0 ? error_msg(err) : "");
	}
	control_answer(fd, r, text);
	return gone;
}

/* The end of a device that somebody else has taken down. */
static int let_go(struct supervisor *s)
{
	if (s->state->result < 0)
		msg(MSG_ERROR, "%s is detached, but not all is written: %s", s->server.devpath,
		    s->state->message);
	supervisor_end_monitor(s);
	return sandbox_release(NULL);
}

static int supervise(struct supervisor *s)
{
	for (;;) {
		struct pollfd fds[] = { { s->control, POLLIN, 0 },
					{ s->worker, POLLIN, 0 },
					{ s->monitor, POLLIN, 0 } };

		if (poll(fds, ARRAY_SIZE(fds), s->worker < 0 ? RETRY_MS : -1) < 0)
			continue;
		if (s->worker >= 0 && fds[1].revents)
			forget_worker(s);
		if (s->worker < 0 && device_is_gone(s))
			return let_go(s);
		if (s->monitor >= 0 && fds[2].revents) {
			closep(&s->monitor);
			supervisor_start_monitor(s);
		}
		if (s->worker < 0)
			try_replace(s);
		if (fds[0].revents && take_question(s))
			return 0;
	}
}

/* For the next supervisor. */
static void record(struct supervisor *s)
{
	struct daemon_state *state = s->state;

	snprintf(state->devpath, sizeof(state->devpath), "%s",
		 s->server.devpath ? s->server.devpath : "");
	state->index = s->server.index;
	state->kernel_fd = s->server.kernel_fd;
}

static int bring_up(struct supervisor *s, struct error **err)
{
	const struct vd_server_ops *ops = s->job->ops;
	int r = sandbox_enter(s->job->directories, s->job->n_directories, err);

	if (r < 0)
		return r;
	daemon_phase(s->state, DAEMON_IN_DRIVER);
	r = ops->create(&s->server, err);
	if (r < 0)
		return r;
	record(s);
	r = supervisor_start_worker(s, false, err);
	if (r == 0) {
		record(s);
		s->state->started = true;
		s->control = control_listen(device_name(s), err);
		r = MIN(s->control, 0);
		if (r < 0)
			ops->stop(&s->server, NULL);
	}
	if (r < 0) {
		s->state->stopping = true;
		ops->destroy(&s->server);
	}
	return r;
}

static int read_record(struct supervisor *s, struct error **err)
{
	const struct daemon_state *state = s->state;

	s->server.devpath = strdup(state->devpath);
	if (!s->server.devpath)
		return error_sys(err, ENOMEM, "cannot take over '%s'", state->devpath);
	s->server.index = state->index;
	s->server.kernel_fd = state->kernel_fd;
	return 0;
}

/* The first supervisor was killed before there was a device: attach knows that by now. */
static int supervisor_give_up(struct supervisor *s, struct error **err)
{
	int r = 0;

	s->state->stopping = true;
	s->worker = role_process(ROLE_WORKER);
	if (s->worker >= 0 && pidfd_kill(s->worker) == 0)
		pidfd_wait(s->worker, -1);
	forget_worker(s);
	if (s->job->ops->clear)
		s->job->ops->clear(&s->server);
	if (*s->state->devpath)
		r = read_record(s, err);
	if (r == 0 && s->server.devpath)
		s->job->ops->destroy(&s->server);
	return r < 0 ? r : error_make(err, ECHILD, "the supervisor was killed");
}

/* A process that ends gives its role back before its image. */
static void wait_for_last_worker(const struct supervisor *s)
{
	int last = pidfd_of(s->state->worker);

	if (last < 0)
		return;
	pidfd_wait(last, END_MS);
	close(last);
}

static int take_over(struct supervisor *s, struct error **err)
{
	const struct daemon_state *state = s->state;
	int r = read_record(s, err);

	if (r < 0)
		return r;
	s->worker = role_process(ROLE_WORKER);
	if (s->worker < 0)
		wait_for_last_worker(s);
	if (s->worker >= 0 && state->replacing) {
		/* the kernel may not know it yet */
		pidfd_kill(s->worker);
		pidfd_wait(s->worker, -1);
		forget_worker(s);
	}
	s->control = control_listen(device_name(s), err);
	if (s->control < 0)
		return s->control;
	return s->job->ops->adopt ? s->job->ops->adopt(&s->server, err) : 0;
}

static int go_on(struct supervisor *s, struct error **err)
{
	return s->state->started ? take_over(s, err) : supervisor_give_up(s, err);
}

/* What attach waits for. False: it does not wait any more. */
static bool supervisor_report(struct supervisor *s, int r, const struct error *err)
{
	const char *text = r < 0 ? error_msg(err) : s->server.devpath;
	int n = dprintf(s->report, "%d %s", -r, text);

	close(s->report);
	s->report = -1;
	return n > 0;
}

/* again: not the first one of the device, so attach does not wait for it. */
static void init(struct supervisor *s, struct daemon_job *job, bool again)
{
	struct daemon_state *state = job->state;

	*s = (struct supervisor){
		.job = job, .state = state, .worker = -1, .monitor = -1, .control = -1
	};
	s->server = (struct vd_server){
		.ops = job->ops,
		.size = state->size,
		.sector_size = state->sector_size,
		.read_only = state->read_only,
		.discard = state->discard,
		.partscan = state->partscan,
		.ready_fd = -1,
		.worker_fd = -1,
		.remote = &state->remote,
		/* a transport's that attach has opened something for */
		.kernel_fd = again ? -1 : state->kernel_fd,
	};
	s->report = again ? -1 : DAEMON_REPORT_FD;
	s->self = pidfd_of(getpid());
	job->exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (!again) {
		state->recovery_fd = daemon_memory("vdattach-recovery");
		state->memory_fd = daemon_memory("vdattach-transport");
	}
	state->supervisor = getpid();
	s->server.memory_fd = state->memory_fd;
}

int supervisor_run(struct daemon_job *job, struct error **err)
{
	struct supervisor s;
	bool again = job->state->supervisor != 0;
	int r;

	/* whoever missed the last one has started another already */
	if (role_claim(ROLE_SUPERVISOR) < 0)
		return 0;
	daemon_harden();
	init(&s, job, again);
	if (s.self < 0 || job->exe < 0 || s.state->recovery_fd < 0 || s.state->memory_fd < 0)
		r = error_sys(err, errno, "cannot start the daemon");
	else
		r = again ? go_on(&s, err) : bring_up(&s, err);
	if (r == 0) {
		/* before the monitor gets what is attach's */
		msg_to_kmsg();
		supervisor_start_monitor(&s);
		daemon_lock_memory();
	}
	if (r == 0 && again)
		msg(MSG_WARNING, "%s: its supervisor was killed, another one takes over",
		    s.server.devpath);
	if (!again && !supervisor_report(&s, r, err ? *err : NULL) && r == 0)
		take_down(&s, NULL);
	if (r == 0 && !s.state->stopping)
		r = supervise(&s);
	free(s.server.devpath);
	return r;
}
