/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the other verbs talk to the daemon of a device: an abstract Unix socket (nothing in a file
 * system, which a switch of roots could take away), named after the device and the process. One
 * packet asks, one answers. Only root is answered, and only root is asked.
 */
#ifndef APPLETS_VDATTACH_EXPORT_CONTROL_H
#define APPLETS_VDATTACH_EXPORT_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/macro.h"

#define CONTROL_TEXT_MAX 6144u /* a path and some words */

/* Daemon: listens for questions about device ("nbd0"). Returns the socket or -errno. */
int control_listen(const char *device, struct error **err) _must_check_ _nonnull_(1);

/*
 * Daemon: takes one question from listen_fd. Returns the connection, with the question in text
 * (size bytes), or -errno: nobody is to be answered.
 */
int control_take(int listen_fd, char *text, size_t size) _must_check_ _nonnull_(2);

/* Daemon: answers and closes the connection. r: 0 and text is the answer, or -errno and a message.
 */
void control_answer(int fd, int r, const char *text) _nonnull_(3);

/* Whether a daemon has device ("nbd0"). */
bool control_exists(const char *device) _nonnull_(1);

/*
 * Asks the daemon of device; again, for a few seconds, when its supervisor was killed meanwhile and
 * the next one is to answer. ret: CONTROL_TEXT_MAX bytes for the answer. wait_end: returns when the
 * daemon has ended, however long that takes, and tells every few seconds; else it answers within
 * some. 0, -ENOENT (no daemon has that device), -ETIMEDOUT, the daemon's own error, -errno.
 */
int control_ask(const char *device, const char *question, bool wait_end, char *ret,
		struct error **err) _must_check_ _nonnull_(1, 2, 4);

/* Calls visit with the device of each daemon. 0 or the first -errno of visit. */
int control_each(int (*visit)(void *arg, const char *device), void *arg) _nonnull_(1);

#endif
