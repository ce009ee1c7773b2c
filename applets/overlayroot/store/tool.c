// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static int find_tool(const char *name, char *path, size_t size)
{
	static const char *const directories[] = { "/bin", "/sbin", "/usr/bin", "/usr/sbin" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(directories); i++) {
		snprintf(path, size, "%s/%s", directories[i], name);
		if (access(path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

static int spawn(const char *path, char *const argv[], pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(ret, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

#define MAX_ARGS 31

/* posix_spawn wants strings that could be written to. */
static int copy_args(const char *const argv[], char **ret)
{
	size_t i;

	for (i = 0; argv[i]; i++) {
		if (i == MAX_ARGS)
			return -E2BIG;
		ret[i] = strdup(argv[i]);
		if (!ret[i])
			return -ENOMEM;
	}
	return 0;
}

static int spawn_copy(const char *path, const char *const argv[], pid_t *ret)
{
	char *copy[MAX_ARGS + 1] = { 0 };
	int i, r = copy_args(argv, copy);

	if (r == 0)
		r = spawn(path, copy, ret);
	for (i = 0; i < MAX_ARGS; i++)
		free(copy[i]);
	return r;
}

int tool_run(const char *const argv[], struct error **err)
{
	char path[64];
	int status, r;
	pid_t pid;

	if (find_tool(argv[0], path, sizeof(path)) < 0)
		return -ENOENT;
	r = spawn_copy(path, argv, &pid);
	if (r < 0)
		return error_sys(err, r, "cannot run %s", path);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(err, errno, "cannot wait for %s", path);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return error_make(err, EINTR, "%s was ended by signal %d", path, WTERMSIG(status));
}
