/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a program that sends the machine to sleep, as systemd-sleep(8) does after its hooks. */
#ifndef APPLETS_VDATTACH_SUSPEND_FOLLOW_H
#define APPLETS_VDATTACH_SUSPEND_FOLLOW_H

#include "applets/vdattach/suspend/freezer.h"
#include "common/error.h"
#include "common/macro.h"

/*
 * Runs argv and does what it writes to ASLEEP_FILE in its place, by asleep_enter(): it gets the
 * result as that of its write(2). Not so for the programs that it starts, nor where tracing
 * (ptrace(2)) is forbidden. Its exit status, 128 and the number of the signal that has killed it,
 * or -errno.
 */
int follow_run(struct freezer *freezer, char *const argv[], struct error **err) _must_check_
	_nonnull_(1, 2);

#endif
