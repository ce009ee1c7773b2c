// SPDX-License-Identifier: GPL-2.0-or-later
/* Starting the daemon, and what its processes have in common. */
#include "applets/vdattach/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "applets/vdattach/daemon/role.h"
#include "applets/vdattach/server/pidfd.h"
#include "common/msg.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57 /* Linux 5.6 */
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* Executes the program that exe is, keeping descriptors from 3 on that are not close-on-exec.
 * Returns -errno. */
static int daemon_execute(int exe, char *const *argv)
{
	static char *const environment[] = { NULL };

	syscall(SYS_execveat, exe, "", argv, environment, AT_EMPTY_PATH);
	return -errno;
}

/* Only what is safe after fork() of a process with several threads. */
_noreturn_ static void become_supervisor(const struct daemon_job *job)
{
	const struct daemon_state *state = job->state;
	const int fds[] = { state->kernel_fd, state->recovery_fd, state->memory_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (fds[i] >= 0)
			fcntl(fds[i], F_SETFD, 0);
	}
	daemon_execute(job->exe, job->argv);
	_exit(1);
}

void daemon_keep_supervisor(const struct daemon_job *job, int supervisor)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };

	for (;;) {
		if (supervisor >= 0) {
			pidfd_wait(supervisor, -1);
			close(supervisor);
		}
		if (job->state->stopping)
			return;
		if (fork() == 0)
			become_supervisor(job);
		/* until it has its role; not faster, should none of them live */
		nanosleep(&pause, NULL);
		supervisor = role_process(ROLE_SUPERVISOR);
	}
}

int daemon_memory(const char *name)
{
	return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

/* A copy of this program in memory: what runs holds no file system. */
static int copy_program(struct error **err)
{
	_cleanup_close_ int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = daemon_memory("vdattach");
	ssize_t n;

	if (from < 0 || to < 0)
		n = -1;
	else
		do {
			n = sendfile(to, from, NULL, (size_t)MIB);
		} while (n > 0);
	if (n == 0)
		return to;
	n = error_sys(err, errno, "cannot copy this program to memory");
	closep(&to);
	return (int)n;
}

static int daemon_make_state(const struct daemon_state *wishes, struct error **err)
{
	int fd = daemon_memory("vdattach-state");

	if (fd >= 0 && write(fd, wishes, sizeof(*wishes)) == sizeof(*wishes))
		return fd;
	closep(&fd);
	return error_sys(err, errno, "cannot make the state of the daemon");
}

/* Out of the way of the numbers that they get. */
static int move_up(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, DAEMON_FIRST_FREE_FD);
}

_noreturn_ static void become_daemon(int exe, int state, int report, int kernel_fd,
				     char *const *argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	state = move_up(state);
	report = move_up(report);
	exe = move_up(exe);
	/* stderr stays until the device is there: its messages are attach's */
	dup2(null, 0);
	dup2(null, 1);
	dup2(state, DAEMON_STATE_FD);
	dup2(report, DAEMON_REPORT_FD);
	if (kernel_fd >= 0)
		fcntl(kernel_fd, F_SETFD, 0);
	dprintf(DAEMON_REPORT_FD, "%d start the daemon", -daemon_execute(exe, argv));
	_exit(1);
}

int daemon_launch(const struct daemon_state *wishes, char *const *argv, bool *ret_driver,
		  char **ret_devpath, struct error **err)
{
	_cleanup_close_ int exe = -1, state = -1, reader = -1;
	int fds[2];
	pid_t pid;

	*ret_driver = false;
	exe = copy_program(err);
	if (exe < 0)
		return exe;
	state = daemon_make_state(wishes, err);
	if (state < 0)
		return state;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, errno, "cannot make a pipe");
	reader = fds[0];
	pid = fork();
	if (pid == 0)
		become_daemon(exe, state, fds[1], wishes->kernel_fd, argv);
	close(fds[1]);
	if (pid < 0)
		return error_sys(err, errno, "cannot fork");
	return daemon_await(reader, state, pid, ret_driver, ret_devpath, err);
}

int daemon_state_map(struct daemon_state **ret, struct error **err)
{
	struct stat st;
	void *map;

	if (fstat(DAEMON_STATE_FD, &st) < 0 || st.st_size != sizeof(**ret))
		return error_make(err, EINVAL, "a daemon is started by 'vdattach attach' only");
	map = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, DAEMON_STATE_FD, 0);
	if (map == MAP_FAILED)
		return error_sys(err, errno, "cannot map the state of the daemon");
	*ret = map;
	return 0;
}

static void write_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		msg(MSG_DEBUG, "%s: %s", path, strerror(errno));
}

void daemon_harden(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	sigset_t empty;

	/* SIGCHLD too: children are watched by pidfd, and nobody waits for them */
	for (int i = 1; i < 32; i++) {
		if (i != SIGCONT && i != SIGSEGV && i != SIGBUS && i != SIGFPE && i != SIGILL &&
		    i != SIGABRT && i != SIGTRAP)
			signal(i, SIG_IGN);
	}
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setrlimit(RLIMIT_FSIZE, &none);
	prctl(PR_SET_NAME, "vdattach");
	write_file("/proc/self/oom_score_adj", "-1000");
	/*
	 * Memory that this process asks for must never wait for writes to the disk that it serves.
	 * Inherited by fork() and exec().
	 */
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		msg(MSG_DEBUG, "PR_SET_IO_FLUSHER: %s", strerror(errno));
	if (chdir("/") < 0)
		msg(MSG_DEBUG, "chdir /: %s", strerror(errno));
}

void daemon_lock_memory(void)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		msg(MSG_WARNING, "the daemon cannot be locked in memory: %s", strerror(errno));
}
