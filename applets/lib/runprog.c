// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/runprog.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include "common/msg.h"

/* In milliseconds: a program that never ends is not waited for. */
#define LIMIT_MS 30000
#define TELL_MS	 5000
#define LOOK_MS	 5

/* One that does not end is left behind. */
static int wait_exit(pid_t pid, const char *what)
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
			msg(MSG_WARNING, "%s takes long: waiting for %d s more", what,
			    (LIMIT_MS - waited) / 1000);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOENT;
}

int program_run(char *const argv[], char *const envp[], const char *what)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, 2, 1);
	if (!r)
		r = posix_spawn(&pid, argv[0], &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	return r ? -r : wait_exit(pid, what);
}
