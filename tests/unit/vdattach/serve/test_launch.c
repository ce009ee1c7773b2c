// SPDX-License-Identifier: GPL-2.0-or-later
/* Attach and a daemon whose kernel does not answer: this program is executed as the daemon, too. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/daemon/daemon.h"

#define SHORT_MS 300

/* The daemon: argv[1] says where it does not come back from, or fails. */
static const char *fault;

_noreturn_ static void hang(void)
{
	for (;;)
		pause();
}

static int fake_create(struct vd_server *server, struct error **err)
{
	if (strcmp(fault, "create") == 0)
		hang();
	server->devpath = strdup("/dev/vdattach-test");
	return 0;
}

static int fake_serve(struct vd_server *server, struct backend *backend, struct error **err)
{
	if (strcmp(fault, "serve") == 0)
		hang();
	if (write(server->ready_fd, "", 1) != 1)
		return -EPIPE;
	hang();
}

static int fake_start(struct vd_server *server, int pid, bool again, struct error **err)
{
	if (strcmp(fault, "refused") == 0)
		return error_make(err, EIO, "the driver refuses");
	hang();
}

static void fake_destroy(struct vd_server *server)
{
}

static int fake_open(struct daemon_job *job, struct backend *ret, struct error **err)
{
	const struct timespec longer = { .tv_nsec = 3 * SHORT_MS * 1000000L };

	memset(ret, 0, sizeof(*ret));
	if (strcmp(fault, "damaged") == 0)
		return error_make(err, EINVAL, "the image is damaged");
	/* the driver's limit is not the image's */
	if (strcmp(fault, "refused") == 0)
		nanosleep(&longer, NULL);
	return 0;
}

static int fake_close(struct daemon_job *job, struct backend *backend, struct error **err)
{
	return 0;
}

static const struct vd_server_ops fake = {
	.name = "fake",
	.create = fake_create,
	.serve = fake_serve,
	.start = fake_start,
	.destroy = fake_destroy,
};

static int be_daemon(char **argv)
{
	struct daemon_job job = {
		.ops = &fake, .argv = argv, .open = fake_open, .close = fake_close
	};
	_cleanup_error_ struct error *err = NULL;

	fault = argv[1];
	if (daemon_state_map(&job.state, &err) < 0)
		return 1;
	return supervisor_run(&job, &err) < 0;
}

static int launch(const char *where, bool *ret_driver, struct error **err)
{
	char name[] = "@test", *argv[] = { name, (char *)(uintptr_t)where, NULL }, *device = NULL;
	struct daemon_state *wishes = calloc(1, sizeof(*wishes));
	int r;

	strcpy(wishes->exporter, "fake");
	strcpy(wishes->image, "image");
	wishes->driver_ms = SHORT_MS;
	wishes->kernel_fd = -1;
	r = daemon_launch(wishes, argv, ret_driver, &device, err);
	assert_null(device);
	free(wishes);
	return r;
}

/* The children of a killed supervisor come to us: none may be left. */
static void none_is_left(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, 0);
	} while (pid > 0);
	assert_int_equal(errno, ECHILD);
}

static void what_does_not_answer_is_given_up(void **state)
{
	const char *where = *state;
	_cleanup_error_ struct error *err = NULL;
	bool driver = false;

	assert_int_equal(launch(where, &driver, &err), -ETIMEDOUT);
	assert_non_null(strstr(error_msg(err), "has not answered"));
	assert_true(driver);
	none_is_left();
}

static void what_refuses_is_the_drivers_failure(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	bool driver = false;

	assert_int_equal(launch("refused", &driver, &err), -EIO);
	assert_string_equal(error_msg(err), "the driver refuses");
	assert_true(driver);
	none_is_left();
}

static void a_damaged_image_is_nobody_elses_failure(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	bool driver = true;

	assert_int_equal(launch("damaged", &driver, &err), -EINVAL);
	assert_string_equal(error_msg(err), "the image is damaged");
	assert_false(driver);
	none_is_left();
}

/* The sandbox of a daemon binds /dev, which no user namespace may. */
static int need_root(void **state)
{
	if (geteuid() == 0)
		return 0;
	fputs("these tests need root's rights\n", stderr);
	return -1;
}

int main(int argc, char **argv)
{
	static char create[] = "create", serve[] = "serve", start[] = "start";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(what_does_not_answer_is_given_up, create),
		cmocka_unit_test_prestate(what_does_not_answer_is_given_up, serve),
		cmocka_unit_test_prestate(what_does_not_answer_is_given_up, start),
		cmocka_unit_test(what_refuses_is_the_drivers_failure),
		cmocka_unit_test(a_damaged_image_is_nobody_elses_failure),
	};

	if (argc > 1 && argv[0][0] == '@')
		return be_daemon(argv);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return cmocka_run_group_tests(tests, need_root, NULL);
}
