// SPDX-License-Identifier: GPL-2.0-or-later
/* `mkvinitrd hardware`: the list that the directive of that name reads. */
#include "builder/resolve/module/hardware.h"

#include <stdio.h>

#include "builder/cmd/command.h"
#include "common/msg.h"
#include "common/print.h"

int cmd_hardware(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct hardware hardware = { 0 };
	const char *alias;
	int r = hardware_scan(&hardware, options->sysroot ? options->sysroot : "", &err);

	if (r < 0) {
		msg(MSG_ERROR, "cannot list the hardware: %s", error_msg(err));
	} else {
		puts("# modaliases of a machine, for the profile directive 'hardware FILE'");
		vec_foreach(i, alias, &hardware.aliases) {
			print_text(stdout, alias);
			putchar('\n');
		}
	}
	hardware_release(&hardware);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
