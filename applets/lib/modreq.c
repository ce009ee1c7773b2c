// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/modreq.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#define MODPROBE "/sbin/modprobe"

static int wait_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOENT;
}

int module_request(const char *name)
{
	char program[] = MODPROBE, quiet[] = "-q", end[] = "--";
	char *const argv[] = { program, quiet, end, (char *)(uintptr_t)name, NULL };
	static char *const envp[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	/* stdout belongs to the caller's own result */
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, 2, 1);
	if (!r)
		r = posix_spawn(&pid, MODPROBE, &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return r ? -r : wait_exit(pid);
}
