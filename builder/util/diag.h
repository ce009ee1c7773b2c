/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Problems in what a user wrote: collected, sorted by place, printed with the line and a caret. */
#ifndef BUILDER_UTIL_DIAG_H
#define BUILDER_UTIL_DIAG_H

#include <stdio.h>

#include "builder/util/vec.h"

/* line and col count from 1; line 0 = the whole file. file outlives all users (the profile owns
 * it). */
struct srcloc {
	const char *file;
	unsigned line, col;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag_item {
	enum diag_level level;
	struct srcloc loc;
	char *message;	/* "unknown directive 'modulx' (did you mean 'module'?)" */
	char *source;	/* the line as written, or NULL */
	char *expected; /* "module NAME...", or NULL */
	size_t order;	/* of its finding: keeps two problems of one place in order */
};

struct diag {
	struct vec items;
	size_t errors;
};

/* source and expected may be NULL and are copied. Running out of memory still counts the error. */
void diag_add(struct diag *d, enum diag_level level, struct srcloc loc, const char *source,
	      const char *expected, const char *fmt, ...) _printf_(6, 7);

/* Sorts by file, line, column and prints "file:line:col: error: ...", the line, the caret,
 * "expected: ...". */
void diag_print(struct diag *d, FILE *to);

void diag_release(struct diag *d);

#endif
