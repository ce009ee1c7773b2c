// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/macro.h"

/* One write to a pipe that is not interrupted */
_Static_assert(sizeof(struct answer) <= PIPE_BUF, "an answer is written at once");

static void answer_read(const char *device, struct answer *answer)
{
	_cleanup_error_ struct error *err = NULL;

	*answer = (struct answer){ .r = 0 };
	answer->r = fs_probe(device, 0, &answer->fs, &err);
	if (answer->r < 0 && answer->r != -ENOENT)
		snprintf(answer->error, sizeof(answer->error), "%s", error_msg(err));
	if (strcmp(answer->fs.type, "btrfs") == 0 && btrfs_part_read(device, &answer->part) < 0)
		answer->part.devices = 0;
}

/* Does not return. A reader that is killed while a disk does not answer ends when it does. */
static void answer_process(const char *device, int fd)
{
	struct answer answer;

	/* who reads what findimg prints does not wait for the disk */
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (i != fd)
			close(i);
	answer_read(device, &answer);
	_exit(write(fd, &answer, sizeof(answer)) != sizeof(answer));
}

int question_ask(struct question *question, const char *device)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		answer_process(device, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		int r = -errno;

		close(fds[0]);
		return r;
	}
	*question = (struct question){ .pid = pid, .fd = fds[0] };
	return 0;
}

bool answer_take(struct question *question, struct answer *ret)
{
	struct pollfd p = { .fd = question->fd, .events = POLLIN };

	if (poll(&p, 1, 0) <= 0)
		return false;
	if (read(question->fd, ret, sizeof(*ret)) != sizeof(*ret)) {
		*ret = (struct answer){ .r = -EIO };
		snprintf(ret->error, sizeof(ret->error), "the process that reads it ended");
	}
	question_drop(question);
	return true;
}

void question_drop(struct question *question)
{
	if (!question->pid)
		return;
	close(question->fd);
	/* without a wait: what waits for a disk may not end for a long time */
	kill(question->pid, SIGKILL);
	waitpid(question->pid, NULL, WNOHANG);
	*question = (struct question){ .pid = 0 };
}
