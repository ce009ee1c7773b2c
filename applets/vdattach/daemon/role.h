/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process of a daemon does what. A role is a record lock on one byte of the daemon's state
 * (DAEMON_STATE_FD), so the kernel sees to it that one process has it at most, and takes it back
 * from one that is killed. No process id is ever trusted that may be another's by now.
 */
#ifndef APPLETS_VDATTACH_DAEMON_ROLE_H
#define APPLETS_VDATTACH_DAEMON_ROLE_H

#include "common/macro.h"

/* Descriptors that survive exec(). */
enum { DAEMON_STATE_FD = 3, DAEMON_REPORT_FD = 4, DAEMON_FIRST_FREE_FD = 5 };

enum role { ROLE_SUPERVISOR, ROLE_WORKER, ROLE_MONITOR };

/* Takes a role for as long as this process lives. 0, or -EBUSY: another one has it. */
int role_claim(enum role role) _must_check_;

/* A pidfd of the process that has the role, or -1: none has. */
int role_process(enum role role) _must_check_;

#endif
