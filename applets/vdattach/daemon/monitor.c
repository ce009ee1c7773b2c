// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The process that is there for the case that supervisor and worker are killed at the same moment.
 * It keeps what the next ones need: the descriptors, the mount namespace, and the memory that the
 * worker has left.
 */
#include <unistd.h>

#include "applets/vdattach/daemon/daemon.h"
#include "applets/vdattach/daemon/role.h"

void monitor_run(struct daemon_job *job)
{
	if (role_claim(ROLE_MONITOR) < 0)
		_exit(0);
	daemon_lock_memory();
	daemon_keep_supervisor(job, role_process(ROLE_SUPERVISOR));
	_exit(0);
}
