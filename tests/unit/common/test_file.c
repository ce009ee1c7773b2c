// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole files, the beginning of small ones, and messages longer than a line of the kernel's log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/file.h"
#include "common/msg.h"

/* A file of len bytes of 'x' and a last 'y', at its beginning. */
static int file_of(size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *text = malloc(len + 1);

	assert_true(fd >= 0);
	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = 'y';
	assert_int_equal(write_all(fd, text, len + 1), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	free(text);
	return fd;
}

static void a_file_is_read_whole_whatever_size_was_expected(void **state)
{
	static const size_t expected[] = { 0, 1, 99999, 100000, 100001, 200000 };

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		int fd = file_of(99999);
		size_t len = 0;
		char *text;

		assert_int_equal(read_all(fd, expected[i], &text, &len), 0);
		assert_int_equal(len, 100000);
		assert_int_equal(strlen(text), 100000);
		assert_int_equal(text[99999], 'y');
		free(text);
		close(fd);
	}
}

static void a_pipe_gives_in_pieces(void **state)
{
	size_t len;
	char *text;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	if (fork() == 0) {
		for (const char *p = "pieces"; *p; p++)
			if (write_all(fds[1], p, 1) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read_all(fds[0], 0, &text, &len), 0);
	assert_string_equal(text, "pieces");
	free(text);
	close(fds[0]);
}

static void files_without_a_size_and_without_a_name(void **state)
{
	size_t len;
	char *text;

	assert_int_equal(read_text("/proc/self/mountinfo", &text, &len), 0);
	assert_true(len > 0 && text[len - 1] == '\n');
	free(text);
	assert_int_equal(read_text("/nonexistent", &text, &len), -ENOENT);
	assert_int_equal(read_text("/", &text, &len), -EISDIR);
}

static void the_beginning_of_a_file_is_cut_and_terminated(void **state)
{
	char link[64], buf[8] = "???????";
	int fd = file_of(20);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	assert_int_equal(read_start(AT_FDCWD, link, buf, sizeof(buf)), -ELOOP);
	assert_string_equal(buf, "");
	assert_int_equal(read_start(AT_FDCWD, "/proc/self/mountinfo", buf, sizeof(buf)), 7);
	assert_int_equal(strlen(buf), 7);
	close(fd);
}

static void write_errors_are_told(void **state)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_int_equal(write_all(fd, "x", 1), -ENOSPC);
	assert_int_equal(write_all(fd, "x", 0), 0);
	close(fd);
}

static void a_long_message_is_not_cut(void **state)
{
	int fd = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	char name[3000];
	char *text;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	dup2(fd, STDERR_FILENO);
	msg(MSG_WARNING, "'%s' is long", name);
	msg(MSG_DEBUG, "nobody asked");
	dup2(saved, STDERR_FILENO);
	close(saved);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_all(fd, 0, &text, NULL), 0);
	assert_int_equal(strlen(text),
			 strlen("mkvinitrd: warning: '' is long\n") + sizeof(name) - 1);
	assert_non_null(strstr(text, "n' is long\n"));
	free(text);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_whatever_size_was_expected),
		cmocka_unit_test(a_pipe_gives_in_pieces),
		cmocka_unit_test(files_without_a_size_and_without_a_name),
		cmocka_unit_test(the_beginning_of_a_file_is_cut_and_terminated),
		cmocka_unit_test(write_errors_are_told),
		cmocka_unit_test(a_long_message_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
