// SPDX-License-Identifier: GPL-2.0-or-later
/* When a silent server is late, and when it is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/exitrd/server.h"

static void test_silence(void **state)
{
	struct server server = { .heard = 100 };
	int pipes[2];

	(void)state;
	assert_int_equal(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	server.answers = pipes[0];
	assert_int_equal(server_look(&server, 101), SERVER_ANSWERS);
	assert_int_equal(server_next_look(&server), 100 + SERVER_LATE_SECONDS);
	assert_int_equal(server_look(&server, server_next_look(&server)), SERVER_LATE);
	assert_int_equal(server_next_look(&server), 100 + SERVER_GONE_SECONDS);
	assert_int_equal(server_look(&server, server_next_look(&server)), SERVER_GONE);
	assert_true(server_next_look(&server) == UINT64_MAX);
	/* hours later */
	assert_int_equal(write(pipes[1], "..", 2), 2);
	assert_int_equal(server_look(&server, 9999), SERVER_ANSWERS);
	assert_int_equal(server_look(&server, 10000), SERVER_ANSWERS);
	close(pipes[0]);
	close(pipes[1]);
}

static void test_directory_answers(void **state)
{
	struct error *err = NULL;
	struct server server;
	struct pollfd p = { .events = POLLIN };

	(void)state;
	assert_int_equal(server_start(&server, "/tmp", "this machine", 0, &err), 0);
	assert_string_equal(server.name, "this machine");
	p.fd = server.answers;
	assert_int_equal(poll(&p, 1, 60000), 1);
	assert_int_equal(server_look(&server, 500), SERVER_ANSWERS);
	close(server.answers);
}

static void test_neither_disk_nor_directory(void **state)
{
	struct error *err = NULL;
	struct server server;

	(void)state;
	assert_int_equal(server_start(&server, "/etc/passwd", "x", 0, &err), -ENOTBLK);
	error_release(&err);
	assert_int_equal(server_start(&server, "/nothing", "x", 0, &err), -ENOENT);
	error_release(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_directory_answers),
		cmocka_unit_test(test_neither_disk_nor_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
