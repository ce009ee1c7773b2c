// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/error.h"

#undef error_make
#undef error_sys
#undef error_no_memory
#undef error_wrap
#undef error_move

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int negative(int code)
{
	if (code == 0)
		return -EIO;
	return code < 0 ? code : -code;
}

static int store(struct error **err, int code, char *msg)
{
	struct error *e;

	if (!err) {
		free(msg);
		return code;
	}
	error_release(err);
	e = malloc(sizeof(*e));
	if (!e) {
		free(msg);
		return code;
	}
	e->code = code;
	e->msg = msg;
	*err = e;
	return code;
}

int error_make(struct error **err, int code, const char *fmt, ...)
{
	char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&msg, fmt, ap) < 0)
		msg = NULL;
	va_end(ap);
	return store(err, negative(code), msg);
}

int error_sys(struct error **err, int code, const char *fmt, ...)
{
	char *text = NULL, *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	code = negative(code);
	if (text && asprintf(&msg, "%s: %s", text, strerror(-code)) < 0)
		msg = NULL;
	free(text);
	return store(err, code, msg);
}

int error_no_memory(struct error **err)
{
	return error_make(err, ENOMEM, "out of memory");
}

int error_wrap(struct error **err, const char *fmt, ...)
{
	char *context = NULL, *msg = NULL;
	va_list ap;

	if (!err || !*err)
		return -EIO;
	va_start(ap, fmt);
	if (vasprintf(&context, fmt, ap) < 0)
		context = NULL;
	va_end(ap);
	if (context && asprintf(&msg, "%s: %s", context, error_msg(*err)) >= 0) {
		free((*err)->msg);
		(*err)->msg = msg;
	}
	free(context);
	return negative((*err)->code);
}

int error_move(struct error **err, struct error *from)
{
	int code = negative(from ? from->code : EIO);

	if (!err) {
		error_release(&from);
		return code;
	}
	error_release(err);
	*err = from;
	return code;
}

const char *error_msg(const struct error *err)
{
	return err && err->msg ? err->msg : "unknown error (out of memory?)";
}

void error_release(struct error **err)
{
	if (!err || !*err)
		return;
	free((*err)->msg);
	free(*err);
	*err = NULL;
}
