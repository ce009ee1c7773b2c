// SPDX-License-Identifier: GPL-2.0-or-later
/* The process that answers the requests. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/daemon/daemon.h"
#include "applets/vdattach/daemon/role.h"
#include "common/msg.h"

#define WATCHER_STACK (64 * 1024)

struct watcher {
	const struct daemon_job *job;
	int supervisor; /* pidfd */
};

static void *worker_watch(void *arg)
{
	const struct watcher *watcher = arg;

	daemon_keep_supervisor(watcher->job, watcher->supervisor);
	return NULL;
}

static int start_watcher(struct watcher *watcher, struct error **err)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, WATCHER_STACK);
	r = pthread_create(&thread, &attributes, worker_watch, watcher);
	pthread_attr_destroy(&attributes);
	return r ? error_sys(err, r, "cannot start a thread") : 0;
}

static int worker_serve(struct daemon_job *job, struct vd_server *server, struct watcher *watcher,
			struct error **err)
{
	struct backend backend;
	int r, closed;

	daemon_phase(job->state, DAEMON_IN_IMAGE);
	r = job->open(job, &backend, err);
	if (r < 0)
		return r;
	daemon_phase(job->state, DAEMON_IN_DRIVER);
	r = start_watcher(watcher, err);
	/* after the thread has its stack, and the formats their tables */
	daemon_lock_memory();
	msg_to_kmsg();
	if (r == 0)
		r = job->ops->serve(server, &backend, err);
	closed = job->close(job, &backend, r == 0 ? err : NULL);
	return r < 0 ? r : closed;
}

void worker_run(struct daemon_job *job, struct vd_server *server, int supervisor)
{
	struct watcher watcher = { .job = job, .supervisor = supervisor };
	struct daemon_state *state = job->state;
	_cleanup_error_ struct error *err = NULL;
	int r = role_claim(ROLE_WORKER);

	r = r < 0 ? error_make(&err, r, "%s has another worker", state->image)
		  : worker_serve(job, server, &watcher, &err);
	snprintf(state->message, sizeof(state->message), "%s", r < 0 ? error_msg(err) : "");
	state->result = r;
	_exit(r < 0);
}
