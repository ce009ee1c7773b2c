// SPDX-License-Identifier: GPL-2.0-or-later
/* What the end of a root's init does to the machine; real wait statuses from real processes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/sched.h>

#include "applets/exitrd/machine.h"

static const struct machine plain, panics = { .reboot_on_panic = true },
				   loaded = { .kexec_loaded = true };

/* The status of a process that ends by a signal (or, 0, with status code). */
static int ended(int signal, int code)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (signal)
			kill(getpid(), signal);
		_exit(code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The status of the first process of a PID namespace that calls reboot(2): the kernel's own answer.
 */
static int rebooted(int how)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
	int status = 0;

	if (pid == 0) {
		if (getpid() == 1)
			reboot(how);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void reboot_restarts(void **state)
{
	assert_string_equal(machine_word(machine_end(rebooted(RB_AUTOBOOT), &plain)), "reboot");
	assert_false(machine_unasked(rebooted(RB_AUTOBOOT)));
}

static void a_loaded_kernel_is_started_instead(void **state)
{
	assert_string_equal(machine_word(machine_end(rebooted(RB_AUTOBOOT), &loaded)), "kexec");
	assert_string_equal(machine_word(machine_end(rebooted(RB_POWER_OFF), &loaded)), "poweroff");
}

static void power_off_and_halt_switch_off(void **state)
{
	assert_string_equal(machine_word(machine_end(rebooted(RB_POWER_OFF), &panics)), "poweroff");
	assert_string_equal(machine_word(machine_end(rebooted(RB_HALT_SYSTEM), &panics)),
			    "poweroff");
	assert_false(machine_unasked(rebooted(RB_POWER_OFF)));
}

static void a_shell_that_is_left_switches_off(void **state)
{
	assert_string_equal(machine_word(machine_end(ended(0, 0), &panics)), "poweroff");
	assert_true(machine_unasked(ended(0, 0)));
}

static void a_crash_restarts_where_a_panic_would(void **state)
{
	assert_string_equal(machine_word(machine_end(ended(SIGKILL, 0), &panics)), "reboot");
	assert_string_equal(machine_word(machine_end(ended(0, 127), &panics)), "reboot");
	assert_string_equal(machine_word(machine_end(ended(SIGKILL, 0), &plain)), "poweroff");
	assert_true(machine_unasked(ended(SIGKILL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reboot_restarts),
		cmocka_unit_test(a_loaded_kernel_is_started_instead),
		cmocka_unit_test(power_off_and_halt_switch_off),
		cmocka_unit_test(a_shell_that_is_left_switches_off),
		cmocka_unit_test(a_crash_restarts_where_a_panic_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
