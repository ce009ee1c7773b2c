// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/keymap-tool.h"

#include <errno.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/macro.h"

#define OUTPUT_MAX (4 * MIB)

extern char **environ;

static int memory_file(const char *data, size_t len)
{
	int fd = memfd_create("keymap", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0))
		close_fd(&fd);
	return fd;
}

/* 0, or the errno value of a program that cannot be started; EIO: it failed. */
static int keymap_spawn(char *const argv[], int in, int out, int messages)
{
	posix_spawn_file_actions_t actions;
	int status = 0, r;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	r = posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, messages, 2);
	if (r == 0)
		r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return status == 0 ? 0 : EIO;
}

static int read_output(int fd, char **ret, size_t *ret_len)
{
	struct stat st;
	char *data;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > (off_t)OUTPUT_MAX)
		return -EFBIG;
	data = calloc(1, (size_t)st.st_size + 1);
	if (!data)
		return -ENOMEM;
	if (pread(fd, data, (size_t)st.st_size, 0) != st.st_size) {
		free(data);
		return -EIO;
	}
	*ret = data;
	*ret_len = (size_t)st.st_size;
	return 0;
}

static bool says(int messages, const char *failure)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	return failure && read_output(messages, &text, &len) == 0 && text && strstr(text, failure);
}

int keymap_run(char *const argv[], const char *input, size_t input_len, const char *failure,
	       char **ret, size_t *ret_len, struct error **err)
{
	_cleanup_close_ int in = memory_file(input, input_len);
	_cleanup_close_ int out = memory_file("", 0), messages = memory_file("", 0);
	int r;

	if (in < 0 || out < 0 || messages < 0)
		return error_sys(err, errno, "cannot run %s", argv[0]);
	r = keymap_spawn(argv, in, out, messages);
	if (r == ENOENT)
		return error_make(err, ENOENT, "the program %s is not installed", argv[0]);
	if (r != 0 && r != EIO)
		return error_sys(err, r, "cannot run %s", argv[0]);
	if (r == EIO || says(messages, failure))
		return error_make(err, EIO, "%s does not know it", argv[0]);
	r = read_output(out, ret, ret_len);
	return r < 0 ? error_sys(err, r, "cannot read what %s printed", argv[0]) : 0;
}
