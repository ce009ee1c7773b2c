/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the supervisor share. */
#ifndef APPLETS_VDATTACH_DAEMON_SUPERVISOR_H
#define APPLETS_VDATTACH_DAEMON_SUPERVISOR_H

#include "applets/vdattach/daemon/daemon.h"

struct supervisor {
	struct daemon_job *job;
	struct daemon_state *state;
	struct vd_server server;
	int self;     /* our pidfd, for the workers */
	int worker;   /* its pidfd, or -1 */
	int monitor;  /* its pidfd, or -1 */
	int control;  /* listening socket */
	int report;   /* for attach, which waits until nobody has it open; or -1 */
	bool waiting; /* recover() is done, the next worker is not there yet */
	bool told;    /* why it is not */
};

/*
 * Forks a worker and makes the device its own; again: after another one. 0, or -errno: the worker
 * is dead, and nothing of it is left but s->worker, the caller's to close.
 */
int supervisor_start_worker(struct supervisor *s, bool again, struct error **err) _must_check_;

/* Makes sure that there is a monitor, in s->monitor. */
void supervisor_start_monitor(struct supervisor *s);

/* From now on nobody is replaced. */
void supervisor_end_monitor(struct supervisor *s);

#endif
