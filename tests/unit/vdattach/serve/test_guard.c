// SPDX-License-Identifier: GPL-2.0-or-later
/* A process that is killed, and must not end yet. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/server/pidfd.h"
#include "applets/vdattach/server/ublk.h"

/* far above what is needed */
#define TRIES	  1000
#define MOMENT_MS 50

static volatile sig_atomic_t *taken;

static void take(int number)
{
	(void)number;
	++*taken;
}

static pid_t start_child(int *ret_pidfd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		for (;;)
			pause();
	}
	*ret_pidfd = pidfd_of(pid);
	return pid;
}

static void pause_a_moment(void)
{
	const struct timespec moment = { .tv_nsec = 5000000 };

	nanosleep(&moment, NULL);
}

static bool is_about_to_end(pid_t pid)
{
	for (int i = 0; i < TRIES; i++) {
		if (ublk_guard_look(pid))
			return true;
		pause_a_moment();
	}
	return false;
}

/* The second signal is another killer's. */
static void who_is_killed_stays_until_released(void **state)
{
	int pidfd;
	pid_t pid = start_child(&pidfd);

	(void)state;
	assert_int_equal(ublk_guard(pid), 0);
	kill(pid, SIGKILL);
	assert_true(is_about_to_end(pid));
	kill(pid, SIGKILL);
	assert_false(pidfd_wait(pidfd, MOMENT_MS));
	ublk_guard_release(pid);
	assert_true(pidfd_wait(pidfd, TRIES * MOMENT_MS));
	waitpid(pid, NULL, 0);
	close(pidfd);
}

static void who_is_guarded_gets_signals_and_may_be_stopped(void **state)
{
	int pidfd;
	pid_t pid = start_child(&pidfd);

	(void)state;
	*taken = 0;
	assert_int_equal(ublk_guard(pid), 0);
	kill(pid, SIGSTOP);
	assert_false(ublk_guard_look(pid));
	kill(pid, SIGCONT);
	for (int i = 0; i < TRIES && *taken == 0; i++) {
		kill(pid, SIGUSR1);
		assert_false(ublk_guard_look(pid));
		pause_a_moment();
	}
	assert_true(*taken > 0);
	kill(pid, SIGKILL);
	assert_true(is_about_to_end(pid));
	ublk_guard_release(pid);
	waitpid(pid, NULL, 0);
	close(pidfd);
}

static void *guard_and_kill(void *arg)
{
	const pid_t *pid = arg;

	assert_int_equal(ublk_guard(*pid), 0);
	kill(*pid, SIGKILL);
	assert_true(is_about_to_end(*pid));
	return NULL;
}

static void the_end_of_the_guard_releases(void **state)
{
	int pidfd;
	pid_t pid = start_child(&pidfd);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, guard_and_kill, &pid), 0);
	pthread_join(thread, NULL);
	assert_true(pidfd_wait(pidfd, TRIES * MOMENT_MS));
	waitpid(pid, NULL, 0);
	close(pidfd);
}

static void who_has_ended_is_not_guarded(void **state)
{
	int pidfd;
	pid_t pid = start_child(&pidfd);

	(void)state;
	kill(pid, SIGKILL);
	assert_true(pidfd_wait(pidfd, TRIES * MOMENT_MS));
	assert_int_equal(ublk_guard(pid), -ECHILD);
	waitpid(pid, NULL, 0);
	assert_int_equal(ublk_guard(pid), -ECHILD);
	close(pidfd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_killed_stays_until_released),
		cmocka_unit_test(who_is_guarded_gets_signals_and_may_be_stopped),
		cmocka_unit_test(the_end_of_the_guard_releases),
		cmocka_unit_test(who_has_ended_is_not_guarded),
	};

	taken = mmap(NULL, sizeof(*taken), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	/* inherited, so that no child is without */
	signal(SIGUSR1, take);
	return taken == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
