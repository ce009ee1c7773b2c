/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of a boot's log: of the console, of dmesg, of the journal or of /run/initramfs/log. */
#ifndef BUILDER_REPORT_LOG_H
#define BUILDER_REPORT_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

#define LOG_SECONDS_MAX 1e6 /* larger ones are no times of a boot */

/*
 * Calls visit for each line, without its end; NULs in it become '?'. path "-" is stdin. Stops when
 * visit returns non-zero, and returns that.
 */
int log_read(const char *path, int (*visit)(void *context, const char *line, struct error **err),
	     void *context, struct error **err) _must_check_;

/* What follows "mkvinitrd: ", or NULL. */
const char *log_ours(const char *line);

/* The phase that the text (of log_ours) begins, or NULL: one of the five names. */
const char *log_phase(const char *text);

/* The time stamp "[   12.345678]" of the kernel and of journalctl -o short-monotonic. *ret_rest:
 * behind it. */
bool log_time(const char *line, double *ret, const char **ret_rest);

#endif
