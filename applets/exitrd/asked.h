/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether somebody has asked the root's init to end the machine. Nothing tells: each init is asked
 * in its own way. But all are asked by programs with the same few names, and the kernel tells which
 * programs are started (the process events connector, drivers/connector/cn_proc.c).
 */
#ifndef APPLETS_EXITRD_ASKED_H
#define APPLETS_EXITRD_ASKED_H

#include <stdbool.h>
#include <stddef.h>

enum asked { ASKED_NOTHING, ASKED_POWEROFF, ASKED_REBOOT };

/* A non-blocking socket, silent until asked_listen(); -1 when the kernel has none. */
int asked_open(void);

/* Every process of the machine then costs a message: to be on only when it matters. */
void asked_listen(int fd, bool on);

/* What programs started since the last call asked for. proc: a descriptor of /proc. */
enum asked asked_read(int fd, int proc);

/*
 * What a command line asks for, as /proc/PID/cmdline has it: size bytes, each argument ended by
 * NUL.
 */
enum asked asked_by(const char *command_line, size_t size);

#endif
