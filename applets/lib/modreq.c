// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/modreq.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include "common/msg.h"

#define MODPROBE "/sbin/modprobe"

/* In milliseconds: a module whose start never ends is not waited for. */
#define LIMIT_MS 30000
#define TELL_MS	 5000
#define LOOK_MS	 5

/* One that does not end is left behind. */
static int wait_exit(pid_t pid, const char *name)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	int status, waited = 0;
	pid_t r;

	while ((r = waitpid(pid, &status, WNOHANG)) <= 0) {
		if (r < 0 && errno != EINTR)
			return -errno;
		if (waited >= LIMIT_MS)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
		waited += LOOK_MS;
		if (waited % TELL_MS == 0 && waited < LIMIT_MS)
			msg(MSG_WARNING, "module '%s' is still being loaded: waiting for %d s more",
			    name, (LIMIT_MS - waited) / 1000);
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
	return r ? -r : wait_exit(pid, name);
}
