/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of what a boot stacked up, popped in reverse by the shutdown ramfs. */
#ifndef APPLETS_LIB_STATE_H
#define APPLETS_LIB_STATE_H

#include "common/macro.h"

/*
 * Appends one line (without its newline in fmt) to the state file. Lines are
 * `mount PATH`, `loop /dev/loopN` or `device /dev/X`. The file is created when
 * absent; the line goes out in one write with O_APPEND, so several applets may
 * record at the same time. file may be NULL: nothing is recorded then.
 * Returns 0 or -errno (-EINVAL: the text is empty, longer than a path can be, or has a newline).
 */
int state_push(const char *file, const char *fmt, ...) _printf_(2, 3);

#endif
