/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the builder tells on stderr. Only main and long-running steps use it; library code returns
 * errors. */
#ifndef BUILDER_UTIL_LOG_H
#define BUILDER_UTIL_LOG_H

#include "common/macro.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* The most detailed level that is printed. Default LOG_INFO. */
void log_set_level(enum log_level level);

/* Prints "mkvinitrd: <text>" (with "warning: " or "debug: " in front). Keeps errno. */
void log_msg(enum log_level level, const char *fmt, ...) _printf_(2, 3);

#endif
