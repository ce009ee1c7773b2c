/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps a server of the root's disk going through kill(-1, SIGSTOP): systemd and others stop all
 * processes at shutdown, before they look at who is to be spared, and then read from the very disk
 * that we serve.
 */
#ifndef APPLETS_VDATTACH_SERVER_AWAKE_H
#define APPLETS_VDATTACH_SERVER_AWAKE_H

#include "common/error.h"
#include "common/macro.h"

/*
 * From now on, and until it ends, this process is never stopped for longer than about half a
 * second. Blocks SIGCONT in the calling thread, and so in those that it starts later. Once in a
 * process. Returns 0 or -errno.
 */
int awake_start(struct error **err) _must_check_;

/*
 * For who waits for what arrives on fd, a socket: that continues this process. Without a period,
 * and without a thread. lost: what hangs when it cannot be done, for a warning.
 */
void awake_by(int fd, const char *lost);

#endif
