// SPDX-License-Identifier: GPL-2.0-or-later
/* A namespace that does not end: a process of it waits for a FUSE program that never answers, as
 * for a dead disk. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/fuse.h>

#include "applets/exitrd/stuck.h"

static int proc = -1;

static int open_proc(void **state)
{
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return proc < 0 || unshare(CLONE_NEWNS) ||
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static pid_t clone_namespace(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	assert_true(pid >= 0);
	return pid;
}

/* A FUSE file system at dir that has said hello and nothing since. Closing the result ends it. */
static int silent_fs(const char *dir)
{
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} answer = { { .len = sizeof(answer) }, { .major = 7, .minor = 31, .max_write = 4096 } };
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	static char request[1 << 18];
	char options[96];

	assert_true(fd >= 0);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	assert_int_equal(mount("silent", dir, "fuse", 0, options), 0);
	assert_true(read(fd, request, sizeof(request)) > 0);
	answer.head.unique = ((struct fuse_in_header *)request)->unique;
	assert_int_equal(write(fd, &answer, sizeof(answer)), (ssize_t)sizeof(answer));
	return fd;
}

/* The first process of a namespace, which ends while another one waits for the file system: only a
 * request that was read is waited for without end. */
static pid_t stuck_namespace(const char *dir, int fuse)
{
	static char request[1 << 18];
	pid_t pid = clone_namespace();
	struct stat st;

	if (pid == 0) {
		close(fuse); /* the file system ends with the last one that has it */
		if (fork() == 0) {
			prctl(PR_SET_NAME, "waits-for-ever");
			_exit(stat(dir, &st) != 0);
		}
		pause();
	}
	assert_true(read(fuse, request, sizeof(request)) > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	return pid;
}

static void a_stuck_process_is_named_after_some_looks(void **state)
{
	char dir[] = "/tmp/exitrd-stuck-XXXXXX", names[512];
	struct stuck stuck = { 0 };
	int status, fuse, looks = 0;
	pid_t init;

	assert_non_null(mkdtemp(dir));
	fuse = silent_fs(dir);
	init = stuck_namespace(dir, fuse);
	while (!stuck_look(&stuck, proc, init)) {
		assert_int_equal(waitpid(init, &status, WNOHANG), 0);
		assert_true(looks++ < 6000); /* other programs may write something out meanwhile */
		usleep(20000);
	}
	assert_true(looks >= STUCK_LOOKS);
	stuck_names(proc, init, names, sizeof(names));
	assert_non_null(strstr(names, "waits-for-ever ("));
	assert_null(strstr(names, "test_stuck"));
	close(fuse);
	assert_int_equal(waitpid(init, &status, 0), init);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
}

static void an_init_that_runs_is_left_in_peace(void **state)
{
	struct stuck stuck = { 0 };
	char names[512];
	pid_t init = clone_namespace();
	int status;

	if (init == 0) {
		prctl(PR_SET_NAME, "runs");
		for (;;)
			pause();
	}
	for (int i = 0; i < 3 * STUCK_LOOKS; i++)
		assert_false(stuck_look(&stuck, proc, init));
	do
		stuck_names(proc, 0, names, sizeof(names));
	while (!strstr(names, "runs ("));
	kill(init, SIGKILL);
	assert_int_equal(waitpid(init, &status, 0), init);
}

/* Ended and not yet waited for: that is no wait for others. */
static void a_zombie_is_not_stuck(void **state)
{
	struct stuck stuck = { 0 };
	pid_t init = clone_namespace();
	siginfo_t info;
	int status;

	if (init == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)init, &info, WEXITED | WNOWAIT), 0);
	for (int i = 0; i < 3 * STUCK_LOOKS; i++)
		assert_false(stuck_look(&stuck, proc, init));
	assert_int_equal(waitpid(init, &status, 0), init);
}

static void names_stop_where_the_room_ends(void **state)
{
	char names[12];
	pid_t init = clone_namespace();
	int status;

	if (init == 0) {
		prctl(PR_SET_NAME, "a-long-name");
		for (;;)
			pause();
	}
	stuck_names(proc, 0, names, sizeof(names));
	assert_true(strlen(names) < sizeof(names));
	kill(init, SIGKILL);
	assert_int_equal(waitpid(init, &status, 0), init);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stuck_process_is_named_after_some_looks),
		cmocka_unit_test(an_init_that_runs_is_left_in_peace),
		cmocka_unit_test(a_zombie_is_not_stuck),
		cmocka_unit_test(names_stop_where_the_room_ends),
	};

	return cmocka_run_group_tests(tests, open_proc, NULL);
}
