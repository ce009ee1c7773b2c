// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/modreq.h"

#include <stdint.h>
#include <stdio.h>

#include "applets/lib/runprog.h"

#define MODPROBE "/sbin/modprobe"

int module_request(const char *name)
{
	char program[] = MODPROBE, quiet[] = "-q", end[] = "--", what[96];
	char *const argv[] = { program, quiet, end, (char *)(uintptr_t)name, NULL };
	static char *const envp[] = { NULL };

	snprintf(what, sizeof(what), "loading module '%s'", name);
	return program_run(argv, envp, what);
}
