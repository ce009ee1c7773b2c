// SPDX-License-Identifier: GPL-2.0-or-later
/* Which commands ask an init to end the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "applets/exitrd/asked.h"
#include "common/macro.h"

/* words: separated by blanks here, by NUL there */
static enum asked asked(const char *words)
{
	char line[128];
	size_t n = strlen(words) + 1;

	memcpy(line, words, n);
	for (size_t i = 0; i < n; i++)
		if (line[i] == ' ')
			line[i] = '\0';
	return asked_by(line, n);
}

static void test_commands(void **state)
{
	static const struct {
		const char *words;
		enum asked asked;
	} cases[] = {
		{ "poweroff", ASKED_POWEROFF },
		{ "/sbin/poweroff -d 5", ASKED_POWEROFF },
		{ "halt", ASKED_POWEROFF },
		{ "/usr/sbin/reboot", ASKED_REBOOT },
		{ "busybox poweroff", ASKED_POWEROFF },
		{ "systemctl --no-block reboot", ASKED_REBOOT },
		{ "systemctl kexec", ASKED_REBOOT },
		{ "/usr/lib/systemd/systemd-shutdown poweroff --log-level 6", ASKED_POWEROFF },
		{ "init 0", ASKED_POWEROFF },
		{ "telinit 6", ASKED_REBOOT },
		{ "shutdown -h now", ASKED_POWEROFF },
		{ "/sbin/shutdown -r +1", ASKED_REBOOT },
		{ "openrc-shutdown --reboot now", ASKED_REBOOT },
		{ "shutdown -c", ASKED_NOTHING },
		{ "shutdown -k now", ASKED_NOTHING },
		{ "init 3", ASKED_NOTHING },
		{ "/sbin/init", ASKED_NOTHING },
		{ "systemctl status reboot", ASKED_NOTHING },
		{ "busybox sleep 0", ASKED_NOTHING },
		{ "0", ASKED_NOTHING },
		{ "vi poweroff", ASKED_NOTHING },
		{ "", ASKED_NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (asked(cases[i].words) != cases[i].asked)
			fail_msg("'%s' asks for %d", cases[i].words, asked(cases[i].words));
}

static void test_without_end(void **state)
{
	(void)state;
	assert_int_equal(asked_by("", 0), ASKED_NOTHING);
	assert_int_equal(asked_by("poweroff", 8), ASKED_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
