// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process that is there for the case that supervisor and worker are killed at the same moment.
 * It keeps what the next ones need: the descriptors, the mount namespace, and the memory that the
 * worker has left.
 */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "applets/vdattach/daemon.h"
#include "applets/vdattach/pidfd.h"
#include "applets/vdattach/role.h"

void guardian_run(struct daemon_job *job)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

	if (role_claim(ROLE_GUARDIAN) < 0)
		_exit(0);
	daemon_lock_memory();
	for (;;) {
		int supervisor = role_holder(ROLE_SUPERVISOR);

		if (supervisor >= 0) {
			pidfd_wait(supervisor, -1);
			close(supervisor);
		}
		if (job->state->stopping)
			_exit(0);
		daemon_start_supervisor(job);
		/* until it has its role; not faster, should none of them live */
		nanosleep(&pause, NULL);
	}
}
