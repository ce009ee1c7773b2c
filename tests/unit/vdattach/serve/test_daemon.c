// SPDX-License-Identifier: GPL-2.0-or-later
/* What the daemon's processes say to the kernel and to each other. */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "applets/vdattach/daemon/mountlist.h"
#include "applets/vdattach/export/control.h"
#include "applets/vdattach/server/genl.h"
#include "applets/vdattach/source/source.h"
#include "tests/unit/vdattach/serve/root.h"

/* NBD_CMD_RECONFIGURE of device 3 with socket 9, as nbd-client sends it (little-endian machine). */
static void test_message_with_nested_attributes(void **state)
{
	static const uint8_t expected[] = {
		44, 0, 0, 0,	0x1b, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0, /* nlmsghdr */
		3,  1, 0, 0,					       /* genlmsghdr */
		8,  0, 1, 0,	3,    0, 0, 0,			       /* NBD_ATTR_INDEX */
		16, 0, 7, 0x80,					       /* NBD_ATTR_SOCKETS */
		12, 0, 1, 0x80,					       /* NBD_SOCK_ITEM */
		8,  0, 1, 0,	9,    0, 0, 0,			       /* NBD_SOCK_FD */
	};
	struct genl_message message;
	uint32_t sockets, item;

	genl_begin(&message, 0x1b, NBD_CMD_RECONFIGURE);
	genl_put_u32(&message, NBD_ATTR_INDEX, 3);
	sockets = genl_nest_begin(&message, NBD_ATTR_SOCKETS);
	item = genl_nest_begin(&message, NBD_SOCK_ITEM);
	genl_put_u32(&message, NBD_SOCK_FD, 9);
	genl_nest_end(&message, item);
	genl_nest_end(&message, sockets);
	genl_finish(&message, 7);
	assert_int_equal(message.n, sizeof(expected));
	assert_memory_equal(message.bytes, expected, sizeof(expected));
}

static void test_attributes_are_found_and_broken_ones_end_the_search(void **state)
{
	uint8_t bytes[] = { 5, 0, 2, 0, 'a', 0, 0, 0, 8, 0, 1, 0x80, 4, 3, 2, 1 };
	size_t n = 0;

	assert_ptr_equal(genl_find(bytes, sizeof(bytes), 1, &n), bytes + 12);
	assert_int_equal(n, 4);
	assert_ptr_equal(genl_find(bytes, sizeof(bytes), 2, &n), bytes + 4);
	assert_int_equal(n, 1);
	assert_null(genl_find(bytes, sizeof(bytes), 3, &n));
	/* lengths that are too large, and too small to get ahead */
	assert_null(genl_find(bytes, sizeof(bytes) - 1, 1, &n));
	bytes[0] = 0;
	assert_null(genl_find(bytes, sizeof(bytes), 1, &n));
	bytes[0] = 255;
	assert_null(genl_find(bytes, sizeof(bytes), 1, &n));
}

static void test_a_family_that_the_kernel_lacks(void **state)
{
	struct genl genl;

	assert_int_equal(genl_open(&genl, "no_such_family", NULL), -ENOENT);
	assert_int_equal(genl_open(&genl, "nlctrl", NULL), 0);
	assert_int_equal(genl.family, GENL_ID_CTRL);
	genl_close(&genl);
}

static void test_mount_points_have_blanks(void **state)
{
	char line[] = "36 35 98:0 /x /mnt/a\\040b\\134\\011c rw,noatime master:1 - ext3 /dev/x rw";
	char cut[] = "36 35 98:0 /x", last[] = "36 35 98:0 / /mnt\\04";
	char short_escape[] = "1 2 3:4 / /a\\04 rw";

	assert_string_equal(mount_list_field(line), "/mnt/a b\\\tc");
	assert_null(mount_list_field(cut));
	assert_null(mount_list_field(last));
	assert_string_equal(mount_list_field(short_escape), "/a\\04");
}

/* A daemon of a name that no other test has; answers two questions, then ends. */
static pid_t start_daemon(const char *device)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		char text[CONTROL_TEXT_MAX];
		int listener = control_listen(device, NULL);

		if (listener < 0 || write(ready[1], "1", 1) != 1)
			_exit(1);
		for (int i = 0; i < 3; i++) {
			int fd = control_take(listener, text, sizeof(text));

			if (fd >= 0 && strcmp(text, "busy") == 0)
				control_answer(fd, -EBUSY, "it is in use");
			else if (fd >= 0)
				control_answer(fd, 0, text);
		}
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static int count(void *arg, const char *device)
{
	struct {
		const char *device;
		int n;
	} *wanted = arg;

	wanted->n += strcmp(device, wanted->device) == 0;
	return 0;
}

static void test_questions_and_answers(void **state)
{
	char device[32], answer[CONTROL_TEXT_MAX];
	struct error *err = NULL;
	struct {
		const char *device;
		int n;
	} wanted = { device, 0 };
	pid_t pid;

	snprintf(device, sizeof(device), "test%d", (int)getpid());
	assert_int_equal(control_ask(device, "info", false, answer, &err), -ENOENT);
	error_release(&err);
	pid = start_daemon(device);
	assert_int_equal(control_each(count, &wanted), 0);
	assert_int_equal(wanted.n, 1);
	assert_int_equal(control_ask(device, "info", false, answer, NULL), 0);
	assert_string_equal(answer, "info");
	assert_int_equal(control_ask(device, "busy", true, answer, &err), -EBUSY);
	assert_string_equal(error_msg(err), "it is in use");
	error_release(&err);
	/* the name of another device that begins like it */
	device[4] = '\0';
	assert_false(control_exists(device));
	snprintf(device, sizeof(device), "test%d", (int)getpid());
	/* returns when the daemon has ended: nobody has the device then */
	assert_int_equal(control_ask(device, "bye", true, answer, NULL), 0);
	assert_false(control_exists(device));
	waitpid(pid, NULL, 0);
}

static _Atomic int *interruptions;

static void interrupted(int signal)
{
	++*interruptions;
}

/* Answers one question, interrupted every millisecond. */
_noreturn_ static void be_interrupted_daemon(int listener)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	const struct sigaction action = { .sa_handler = interrupted };
	char text[CONTROL_TEXT_MAX];
	struct pollfd poller = { listener, POLLIN, 0 };
	int fd;

	while (poll(&poller, 1, -1) < 0)
		;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	do
		fd = control_take(listener, text, sizeof(text));
	while (fd == -EINTR);
	if (fd >= 0)
		control_answer(fd, 0, text);
	_exit(fd < 0);
}

static int connect_to_test_daemon(const char *device)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n, fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "vdattach/%s/%d", device,
		     (int)getpid());
	n += (int)offsetof(struct sockaddr_un, sun_path) + 1;
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, (socklen_t)n), 0);
	return fd;
}

/* A daemon that has just closed a ring of io_uring is interrupted while it waits for the question.
 */
static void test_a_question_outlasts_interruptions(void **state)
{
	char device[32], answer[64];
	int listener, fd, before, status;
	pid_t pid;

	interruptions = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(interruptions, MAP_FAILED);
	snprintf(device, sizeof(device), "alarm%d", (int)getpid());
	listener = control_listen(device, NULL);
	assert_true(listener >= 0);
	pid = fork();
	if (pid == 0)
		be_interrupted_daemon(listener);
	close(listener);
	fd = connect_to_test_daemon(device);
	before = *interruptions;
	while (*interruptions < before + 50 && waitpid(pid, &status, WNOHANG) == 0)
		sched_yield();
	assert_int_equal(send(fd, "info", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), 6);
	assert_memory_equal(answer, "0 info", 6);
	close(fd);
	waitpid(pid, NULL, 0);
}

static struct source *open_locked(const char *path, bool read_only, int expected)
{
	struct source *source = NULL;

	assert_int_equal(source_file_open(path, read_only, &source, NULL), 0);
	assert_int_equal(source_file_lock(source, NULL), expected);
	return source;
}

static void test_locks(void **state)
{
	char path[] = "/tmp/test_daemon.XXXXXX";
	struct source *a, *b, *c;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, path, sizeof(path)), sizeof(path));
	close(fd);
	a = open_locked(path, true, 0);
	b = open_locked(path, true, 0);
	c = open_locked(path, false, -EBUSY);
	source_close(&a);
	source_close(&b);
	source_close(&c);
	a = open_locked(path, false, 0);
	b = open_locked(path, true, -EBUSY);
	c = open_locked(path, false, -EBUSY);
	source_close(&a);
	source_close(&b);
	source_close(&c);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_with_nested_attributes),
		cmocka_unit_test(test_attributes_are_found_and_broken_ones_end_the_search),
		cmocka_unit_test(test_a_family_that_the_kernel_lacks),
		cmocka_unit_test(test_mount_points_have_blanks),
		cmocka_unit_test(test_questions_and_answers),
		cmocka_unit_test(test_a_question_outlasts_interruptions),
		cmocka_unit_test(test_locks),
	};

	return cmocka_run_group_tests(tests, become_root, NULL);
}
