// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/daemon/role.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "applets/vdattach/server/pidfd.h"

static struct flock byte_of(enum role role)
{
	return (struct flock){
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = role, .l_len = 1
	};
}

int role_claim(enum role role)
{
	struct flock lock = byte_of(role);

	return fcntl(DAEMON_STATE_FD, F_SETLK, &lock) < 0 ? -EBUSY : 0;
}

/* 0: none, or it is ourselves. */
static pid_t role_pid(enum role role)
{
	struct flock lock = byte_of(role);

	if (fcntl(DAEMON_STATE_FD, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}

int role_process(enum role role)
{
	for (;;) {
		pid_t pid = role_pid(role);
		int fd = pid > 0 ? pidfd_of(pid) : -1;

		/* what has it still, after it was opened, is what was opened */
		if (pid <= 0 || (fd >= 0 && role_pid(role) == pid))
			return fd;
		if (fd >= 0)
			close(fd);
	}
}
