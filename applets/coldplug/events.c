// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/events.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "applets/coldplug/daemon.h"
#include "applets/lib/uevent.h"

/* A look by a script takes as long; a start of the machine has thousands of events. */
#define GATHER_MS 50

struct events {
	int uevents, routes;
	struct uevent event;
};

static int64_t events_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int routes_open(struct error **err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
						    RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), r;

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		r = error_sys(err, errno, "cannot listen to changes of network links");
		closep(&fd);
		return r;
	}
	return fd;
}

/* Takes all that there is; true when it is worth a look. */
static bool events_drain(struct events *e)
{
	bool any = false;
	char text[8192];
	ssize_t n;
	int r;

	while ((r = uevent_read(e->uevents, &e->event)) == 0)
		any |= strcmp(e->event.subsystem, "block") == 0 ||
		       strcmp(e->event.subsystem, "net") == 0;
	/* what the socket could not hold is lost, and says so */
	any |= r == -ENOBUFS;
	while ((n = recv(e->routes, text, sizeof(text), 0)) > 0 || (n < 0 && errno == ENOBUFS))
		any = true;
	return any;
}

/* Waits for an event until the deadline: 0; -EPIPE: nobody reads; -ETIMEDOUT. */
static int events_wait(struct events *e, int64_t deadline)
{
	for (;;) {
		struct pollfd p[] = { { .fd = e->uevents, .events = POLLIN },
				      { .fd = e->routes, .events = POLLIN },
				      { .fd = STDOUT_FILENO } };
		int64_t left = deadline - events_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, ARRAY_SIZE(p), (int)left) < 0 && errno != EINTR)
			return -errno;
		if (p[2].revents)
			return -EPIPE;
		if (events_drain(e))
			return 0;
	}
}

static int events_follow(struct events *e, int64_t deadline)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };
	int r = 0;

	while (r == 0) {
		if (write(STDOUT_FILENO, "\n", 1) != 1)
			return 0;
		(void)!poll(&reader, 1, GATHER_MS);
		r = events_wait(e, deadline);
	}
	return r == -EPIPE || r == -ETIMEDOUT ? 0 : r;
}

int events_print(unsigned int seconds, const char *pidfile, struct error **err)
{
	int64_t deadline = events_now_ms() + (int64_t)seconds * 1000;
	_cleanup_free_ struct events *e = malloc(sizeof(*e));
	int r;

	if (!e)
		return error_no_memory(err);
	e->routes = -1;
	e->uevents = uevent_open(err);
	if (e->uevents < 0)
		return e->uevents;
	e->routes = routes_open(err);
	r = e->routes < 0 ? e->routes : 0;
	if (r == 0 && pidfile)
		r = daemon_write_pid(pidfile, getpid());
	if (r == 0)
		r = events_follow(e, deadline);
	if (r < 0 && e->routes >= 0)
		error_sys(err, r, "cannot report events");
	closep(&e->routes);
	closep(&e->uevents);
	return r;
}
