/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program says: one line per event on stderr, and on /dev/kmsg when it runs from an
 * initramfs, so that dmesg keeps the story of the boot. Only main, long-running steps and daemons
 * use it; library code returns errors.
 */
#ifndef COMMON_MSG_H
#define COMMON_MSG_H

#include "common/error.h"
#include "common/macro.h"

enum msg_level { MSG_ERROR, MSG_WARNING, MSG_INFO, MSG_DEBUG };

/* Names the program in front of each line. level is the most detailed one that is printed. */
void msg_init(const char *program, enum msg_level level);

/*
 * For daemons: from now on lines go to /dev/kmsg, whether or not this is an initramfs. stdin,
 * stdout and stderr become /dev/null.
 */
void msg_to_kmsg(void);

/* Prints one line when level is enabled. Keeps errno. */
void msg(enum msg_level level, const char *fmt, ...) _printf_(2, 3);

/* Prints err (may be NULL) as an error line and releases it. Returns the exit status to use: 1. */
int msg_fail(struct error *err);

/* Prints the one usage line "<program>: <text>" and "Try '<program> --help'." Returns the exit
 * status 2. */
int msg_usage(const char *fmt, ...) _printf_(1, 2);

#endif
