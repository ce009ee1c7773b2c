// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/export/control.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "applets/vdattach/server/pidfd.h"
#include "common/msg.h"

#define PREFIX "vdattach/"

/* The flags of a listening socket in /proc/net/unix: __SO_ACCEPTCON of linux/net.h */
#define LISTENING " 00010000 "

/* A client that connects and says nothing must not stop the daemon. */
#define PATIENCE_SECONDS 2

/* A daemon that is asked what it is answers at once, but while it waits for a new worker. */
#define ANSWER_SECONDS 5

/* How often one that takes its disk down is said to be waited for, in milliseconds. */
#define TELL_MS 5000

/* How often the successor of a killed supervisor is asked: 5 s */
#define SUCCESSOR_TRIES 50

/* "vdattach/nbd0/123" -> abstract address. The length matters: there is no NUL at the end. */
static socklen_t make_address(const char *name, struct sockaddr_un *ret)
{
	size_t n = MIN(strlen(name), sizeof(ret->sun_path) - 1);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path + 1, name, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static void limit(int fd, int option, int seconds)
{
	const struct timeval time = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, option, &time, sizeof(time));
}

static int peer_of(int fd, pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return -errno;
	*ret_pid = peer.pid;
	return peer.uid == 0 ? 0 : -EPERM;
}

int control_listen(const char *device, struct error **err)
{
	struct sockaddr_un address;
	char name[96];
	socklen_t n;
	int fd = open_socket();

	if (fd < 0)
		return error_sys(err, fd, "control socket");
	/* the process id, so that nobody can take the name before us */
	snprintf(name, sizeof(name), PREFIX "%s/%d", device, (int)getpid());
	n = make_address(name, &address);
	if (bind(fd, (const struct sockaddr *)&address, n) < 0 || listen(fd, 8) < 0) {
		int r = error_sys(err, errno, "control socket '@%s'", name);

		close(fd);
		return r;
	}
	return fd;
}

/*
 * A call with a time limit is not restarted after an interruption, and io_uring makes some: the end
 * of a ring, a moment after it was closed, is task work of whoever used it.
 */
static ssize_t receive(int fd, char *ret, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, ret, size, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

int control_take(int listen_fd, char *text, size_t size)
{
	int r, fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n = 0;
	pid_t pid;

	if (fd < 0)
		return -errno;
	limit(fd, SO_RCVTIMEO, PATIENCE_SECONDS);
	limit(fd, SO_SNDTIMEO, PATIENCE_SECONDS);
	r = peer_of(fd, &pid);
	if (r == 0) {
		n = receive(fd, text, size - 1);
		r = n > 0 ? 0 : -EPIPE;
	}
	if (r < 0) {
		close(fd);
		return r;
	}
	text[n] = '\0';
	return fd;
}

void control_answer(int fd, int r, const char *text)
{
	char answer[CONTROL_TEXT_MAX];
	int n = snprintf(answer, sizeof(answer), "%d %s", -r, text);

	while (send(fd, answer, MIN((size_t)n, sizeof(answer) - 1), MSG_NOSIGNAL) < 0 &&
	       errno == EINTR)
		;
	close(fd);
}

/* "@vdattach/nbd0/123" at the end of a line of /proc/net/unix: copies it without the '@'.
 * Connections have the name of the socket that listens; only that one has the flag. */
static bool take_name(const char *line, char *ret, size_t size)
{
	const char *name = strstr(line, " @" PREFIX);
	size_t n = name ? strcspn(name + 2, " \n") : 0;

	if (n == 0 || n >= size || !strstr(line, LISTENING))
		return false;
	memcpy(ret, name + 2, n);
	ret[n] = '\0';
	return true;
}

/* Calls visit with the name of each socket, "vdattach/nbd0/123". Ends at the first result but 0. */
static int each_socket(int (*visit)(void *arg, const char *name), void *arg)
{
	FILE *file = fopen("/proc/net/unix", "re");
	char line[512], name[108];
	int r = 0;

	while (file && r == 0 && fgets(line, sizeof(line), file)) {
		if (take_name(line, name, sizeof(name)))
			r = visit(arg, name);
	}
	if (file)
		fclose(file);
	return r;
}

struct search {
	const char *device;
	int fd; /* connected, or -1 */
	pid_t pid;
};

static int connect_to(const char *name, pid_t *ret_pid)
{
	struct sockaddr_un address;
	socklen_t n = make_address(name, &address);
	int r, fd = open_socket();

	if (fd < 0)
		return fd;
	/* one that does not take what it is asked has a full queue in the end */
	limit(fd, SO_SNDTIMEO, ANSWER_SECONDS);
	r = connect(fd, (const struct sockaddr *)&address, n) < 0 ? -errno : peer_of(fd, ret_pid);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int try_socket(void *arg, const char *name)
{
	struct search *search = arg;
	const char *device = name + strlen(PREFIX), *slash = strchr(device, '/');
	size_t n = strlen(search->device);

	if (!slash || (size_t)(slash - device) != n || memcmp(device, search->device, n) != 0)
		return 0;
	search->fd = connect_to(name, &search->pid);
	return search->fd >= 0 || search->fd == -EAGAIN;
}

static int control_find(const char *device, pid_t *ret_pid)
{
	struct search search = { .device = device, .fd = -1 };

	each_socket(try_socket, &search);
	*ret_pid = search.pid;
	return search.fd;
}

bool control_exists(const char *device)
{
	_cleanup_close_ int fd = -1;
	pid_t pid;

	fd = control_find(device, &pid);
	return fd >= 0 || fd == -EAGAIN;
}

/* Taking a disk down lasts as long as its last writes do. */
static void wait_for_answer(const char *device, int fd)
{
	struct pollfd poller = { fd, POLLIN, 0 };
	int r;

	for (unsigned int told = 1; (r = poll(&poller, 1, TELL_MS)) <= 0; told++) {
		if (r == 0)
			msg(MSG_WARNING, "/dev/%s: its daemon has not finished after %u s", device,
			    told * TELL_MS / 1000);
	}
}

/* The answer without its code. */
static int take_answer(int fd, char *ret, struct error **err)
{
	ssize_t n = receive(fd, ret, CONTROL_TEXT_MAX - 1);
	char *text;
	long code;

	if (n < 0 && errno == EAGAIN)
		return error_make(err, ETIMEDOUT, "its daemon has not answered for %d s",
				  ANSWER_SECONDS);
	if (n <= 0)
		return error_make(err, EPIPE, "its daemon ended without an answer");
	ret[n] = '\0';
	code = strtol(ret, &text, 10);
	text += *text == ' ';
	if (code)
		return error_make(err, (int)code, "%s", text);
	memmove(ret, text, strlen(text) + 1);
	return 0;
}

static int ask(const char *device, const char *question, bool wait_end, char *ret,
	       struct error **err)
{
	_cleanup_close_ int fd = -1, pidfd = -1;
	pid_t pid = 0;
	int r;

	fd = control_find(device, &pid);
	/* its queue is full of those who gave up */
	if (fd == -EAGAIN)
		return error_make(err, ETIMEDOUT, "its daemon has not answered for %d s",
				  ANSWER_SECONDS);
	if (fd < 0)
		return error_make(err, ENOENT, "/dev/%s: not attached through a daemon of vdattach",
				  device);
	pidfd = pidfd_of(pid);
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0 && errno != ECONNRESET)
		return error_sys(err, errno, "/dev/%s: cannot ask its daemon", device);
	if (wait_end)
		wait_for_answer(device, fd);
	else
		limit(fd, SO_RCVTIMEO, ANSWER_SECONDS);
	r = take_answer(fd, ret, err);
	if (r == 0 && wait_end && pidfd >= 0)
		pidfd_wait(pidfd, -1);
	return r;
}

int control_ask(const char *device, const char *question, bool wait_end, char *ret,
		struct error **err)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int r = ask(device, question, wait_end, ret, err);

	/* who wants to end a disk knows that there is one: its daemon is being replaced */
	if (r != -EPIPE && !(r == -ENOENT && wait_end))
		return r;
	for (int i = 0; i < SUCCESSOR_TRIES && (r == -EPIPE || r == -ENOENT); i++) {
		nanosleep(&pause, NULL);
		error_release(err);
		r = ask(device, question, wait_end, ret, err);
	}
	return r;
}

struct walk {
	int (*visit)(void *arg, const char *device);
	void *arg;
};

static int visit_device(void *arg, const char *name)
{
	struct walk *walk = arg;
	const char *device = name + strlen(PREFIX);
	size_t n = strcspn(device, "/");
	char text[64];

	if (n == 0 || n >= sizeof(text) || !device[n])
		return 0;
	memcpy(text, device, n);
	text[n] = '\0';
	return walk->visit(walk->arg, text);
}

int control_each(int (*visit)(void *arg, const char *device), void *arg)
{
	struct walk walk = { .visit = visit, .arg = arg };

	return each_socket(visit_device, &walk);
}
