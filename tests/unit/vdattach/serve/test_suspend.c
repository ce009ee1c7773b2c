// SPDX-License-Identifier: GPL-2.0-or-later
/* Who stays awake while all others are stopped. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/suspend/process.h"

enum { NOBODY = 65534 };

/* A process of this name and user, which has been started when this returns. */
static pid_t start_sleeper(const char *name, uid_t user)
{
	int started[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(started, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (user == getuid() || setresuid(user, user, user) == 0)
			execl("/bin/sleep", name, "60", (char *)NULL);
		_exit(1);
	}
	close(started[1]);
	assert_int_equal(read(started[0], &byte, 1), 0);
	close(started[0]);
	return pid;
}

static bool is_server(const char *name, uid_t user)
{
	pid_t pid = start_sleeper(name, user);
	bool answer = process_is_server(pid);

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return answer;
}

static void servers_are_those_of_root_that_say_so(void **state)
{
	(void)state;
	assert_int_equal(is_server("@sleep", getuid()), getuid() == 0);
	assert_false(is_server("sleep", getuid()));
}

/* Else any user could leave the limits of his cgroup, and keep the machine from sleeping. */
static void processes_of_users_are_no_servers_whatever_they_say(void **state)
{
	(void)state;
	assert_false(is_server("@sleep", getuid() == 0 ? NOBODY : getuid()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_those_of_root_that_say_so),
		cmocka_unit_test(processes_of_users_are_no_servers_whatever_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
