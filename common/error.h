/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors that carry their story upwards.
 *
 * A function that can fail returns 0 or -errno and, on failure, stores a
 * struct error through its last parameter. Callers add context with
 * error_wrap(); only main prints. Every function here accepts err == NULL,
 * for callers that only want the code.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

#include <stdarg.h>

#include "common/macro.h"

struct error {
	int code;  /* negative errno */
	char *msg; /* one line, no newline at the end */
};

/*
 * Stores a new error in *err (an error already there is released first).
 * code: errno value of either sign. The text of strerror is NOT added; use
 * error_sys() for system calls. Returns -abs(code), never 0.
 */
int error_make(struct error **err, int code, const char *fmt, ...) _printf_(3, 4);

/* Like error_make, with ": <strerror(code)>" appended. */
int error_sys(struct error **err, int code, const char *fmt, ...) _printf_(3, 4);

/* The error for a failed malloc: -ENOMEM and "out of memory". */
int error_no_memory(struct error **err);

/* Prepends "<context>: " to the message in *err, if there is one. Returns its code, or -EIO without
 * one. */
int error_wrap(struct error **err, const char *fmt, ...) _printf_(2, 3);

/* Moves from to *err (released first if err is NULL). Returns the code. */
int error_move(struct error **err, struct error *from);

/* The message, or "unknown error" for NULL. Owned by the error. */
const char *error_msg(const struct error *err);

/* Releases *err and sets it to NULL. NULL-safe. */
void error_release(struct error **err);

/*
 * They return a negative number always: said in a form that clang's analyzer understands, so that
 * it knows which results are written after `if (r < 0)`.
 */
#ifdef __clang_analyzer__
#define ERROR_NEGATIVE(call)                     \
	({                                       \
		int error_code_ = (call);        \
		if (error_code_ >= 0)            \
			__builtin_unreachable(); \
		error_code_;                     \
	})
#define error_make(...)	     ERROR_NEGATIVE(error_make(__VA_ARGS__))
#define error_sys(...)	     ERROR_NEGATIVE(error_sys(__VA_ARGS__))
#define error_no_memory(err) ERROR_NEGATIVE(error_no_memory(err))
#define error_wrap(...)	     ERROR_NEGATIVE(error_wrap(__VA_ARGS__))
#define error_move(...)	     ERROR_NEGATIVE(error_move(__VA_ARGS__))
#endif

#define _cleanup_error_ _cleanup_(error_release)

#endif
