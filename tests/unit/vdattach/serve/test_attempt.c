// SPDX-License-Identifier: GPL-2.0-or-later
/* Exporters without a daemon, whose kernel answers or does not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/export/export.h"

_noreturn_ static int hangs(struct vd_export *ex, struct error **err)
{
	for (;;)
		pause();
}

_noreturn_ static int is_killed(struct vd_export *ex, struct error **err)
{
	abort();
}

static int refuses(struct vd_export *ex, struct error **err)
{
	return error_make(err, EBUSY, "the file is in use");
}

static int answers(struct vd_export *ex, struct error **err)
{
	const struct timespec late = { .tv_nsec = 50000000 };

	nanosleep(&late, NULL);
	ex->devpath = strdup("/dev/loop7");
	return ex->devpath ? 0 : -ENOMEM;
}

/* Each leaves no process. */
static int attempt(int (*attach)(struct vd_export *, struct error **), struct vd_export *ex,
		   struct error **err)
{
	const struct vd_export_ops ops = { .name = "fake", .attach = attach };
	char name[] = "image";
	struct source source = { .name = name };
	struct vd_image image = { .source = &source };
	int r;

	*ex = (struct vd_export){ .ops = &ops, .image = &image };
	ex->limit_ms = attach == hangs ? 300 : 0;
	r = vd_export_attach(ex, err);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	return r;
}

static void the_device_is_handed_on(void **state)
{
	struct vd_export ex;

	(void)state;
	assert_int_equal(attempt(answers, &ex, NULL), 0);
	assert_string_equal(ex.devpath, "/dev/loop7");
	vd_export_release(&ex);
}

static void a_refusal_is_handed_on(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_export ex;

	(void)state;
	assert_int_equal(attempt(refuses, &ex, &err), -EBUSY);
	assert_string_equal(error_msg(err), "the file is in use");
	assert_false(ex.others_may);
	assert_null(ex.devpath);
}

static void what_does_not_answer_is_given_up(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_export ex;

	(void)state;
	assert_int_equal(attempt(hangs, &ex, &err), -ETIMEDOUT);
	assert_string_equal(error_msg(err), "the kernel has not answered within 1 s");
	assert_true(ex.others_may);
	assert_null(ex.devpath);
}

static void who_is_killed_has_made_nothing(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_export ex;

	(void)state;
	assert_int_equal(attempt(is_killed, &ex, &err), -ECHILD);
	assert_null(ex.devpath);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_is_handed_on),
		cmocka_unit_test(a_refusal_is_handed_on),
		cmocka_unit_test(what_does_not_answer_is_given_up),
		cmocka_unit_test(who_is_killed_has_made_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
