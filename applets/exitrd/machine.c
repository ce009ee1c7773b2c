// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/machine.h"

#include <signal.h>
#include <sys/wait.h>

bool machine_unasked(int status)
{
	return !WIFSIGNALED(status) || (WTERMSIG(status) != SIGHUP && WTERMSIG(status) != SIGINT);
}

enum machine_end machine_end(int status, const struct machine *machine)
{
	bool failed = machine_unasked(status) && status != 0;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP)
		return machine->kexec_loaded ? MACHINE_KEXEC : MACHINE_REBOOT;
	return failed && machine->reboot_on_panic ? MACHINE_REBOOT : MACHINE_POWEROFF;
}

enum machine_end machine_end_unknown(const struct machine *machine)
{
	if (machine->kexec_loaded)
		return MACHINE_KEXEC;
	return machine->reboot_on_panic ? MACHINE_REBOOT : MACHINE_POWEROFF;
}

const char *machine_word(enum machine_end end)
{
	switch (end) {
	case MACHINE_KEXEC:
		return "kexec";
	case MACHINE_REBOOT:
		return "reboot";
	case MACHINE_POWEROFF:
		break;
	}
	return "poweroff";
}
