// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "common/macro.h"

#define BLOCK 4096

static bool is_answered(int fd, bool is_disk)
{
	static char block[BLOCK] __attribute__((aligned(BLOCK)));
	struct statfs fs;

	return is_disk ? pread(fd, block, sizeof(block), 0) > 0 : fstatfs(fd, &fs) == 0;
}

static _Noreturn void ask_forever(int fd, bool is_disk, int answers)
{
	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (;;) {
		if (is_answered(fd, is_disk) && write(answers, "", 1) < 0 && errno == EPIPE)
			_exit(0);
		sleep(SERVER_ASK_SECONDS);
	}
}

/* O_PATH is enough to ask, and needs no answer of the server now. */
static int open_asked(const char *path, bool *ret_is_disk)
{
	struct stat st;
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret_is_disk = false;
	if (fd >= 0 || errno != ENOTDIR)
		return fd;
	fd = open(path, O_RDONLY | O_DIRECT | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISBLK(st.st_mode)) {
		*ret_is_disk = true;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	errno = ENOTBLK;
	return -1;
}

int server_start(struct server *server, const char *path, const char *name, uint64_t now,
		 struct error **err)
{
	int pipes[2] = { -1, -1 }, r = 0;
	pid_t parent = getpid(), pid;
	bool is_disk;
	_cleanup_close_ int fd = open_asked(path, &is_disk);

	if (fd < 0 || pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_sys(err, errno, "cannot ask the server of '%s'", path);
	pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		signal(SIGPIPE, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		ask_forever(fd, is_disk, pipes[1]);
	}
	if (pid < 0)
		r = error_sys(err, errno, "cannot fork");
	close(pipes[1]);
	*server = (struct server){ .answers = pipes[0], .heard = now };
	snprintf(server->name, sizeof(server->name), "%s", name);
	if (r < 0)
		close_fd(&server->answers);
	return r;
}

enum server_state server_look(struct server *server, uint64_t now)
{
	char bytes[64];

	while (read(server->answers, bytes, sizeof(bytes)) > 0)
		server->heard = now;
	if (now - server->heard >= SERVER_GONE_SECONDS)
		server->state = SERVER_GONE;
	else if (now - server->heard >= SERVER_LATE_SECONDS)
		server->state = SERVER_LATE;
	else
		server->state = SERVER_ANSWERS;
	return server->state;
}

uint64_t server_next_look(const struct server *server)
{
	switch (server->state) {
	case SERVER_ANSWERS:
		return server->heard + SERVER_LATE_SECONDS;
	case SERVER_LATE:
		return server->heard + SERVER_GONE_SECONDS;
	case SERVER_GONE:
		break;
	}
	return UINT64_MAX;
}
