// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "applets/vdattach/nbd/negotiate.h"

/* Seconds for which a server may be silent while a connection comes into being. */
#define PATIENCE 10

/*
 * A peer that is gone without a word: asked after so many seconds of silence, so often, and given
 * up when so many milliseconds nothing was acknowledged. A server that only takes its time for an
 * answer is left alone.
 */
enum { KEEP_IDLE = 5, KEEP_INTERVAL = 5, KEEP_COUNT = 4, UNACKNOWLEDGED = 25000 };

static void dial_set_option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

static void set_limit(int fd, int seconds)
{
	const struct timeval limit = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int try_address(const struct sockaddr *address, socklen_t n, const char *name,
		       struct nbd_export *ret, struct error **err)
{
	int r, fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_sys(err, errno, "cannot make a socket");
	set_limit(fd, PATIENCE);
	if (address->sa_family != AF_UNIX) {
		dial_set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		dial_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		dial_set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE);
		dial_set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL);
		dial_set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT);
		dial_set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED);
	}
	if (connect(fd, address, n) < 0)
		r = error_sys(err, errno == EINPROGRESS ? ETIMEDOUT : errno, "cannot connect");
	else
		r = nbd_negotiate(fd, PATIENCE, name, ret, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	/* the kernel waits as long as it takes */
	set_limit(fd, 0);
	return fd;
}

static int dial_unix(const struct nbd_uri *uri, struct nbd_export *ret, struct error **err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, uri->socket, MIN(sizeof(address.sun_path), sizeof(uri->socket)));
	return try_address((const struct sockaddr *)&address, sizeof(address), uri->export, ret,
			   err);
}

static int dial_tcp(const struct nbd_uri *uri, struct nbd_export *ret, struct error **err)
{
	const in_port_t port = htons((uint16_t)strtoul(uri->port, NULL, 10));
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = port };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = port };

	if (inet_pton(AF_INET, uri->host, &four.sin_addr) == 1)
		return try_address((const struct sockaddr *)&four, sizeof(four), uri->export, ret,
				   err);
	if (inet_pton(AF_INET6, uri->host, &six.sin6_addr) == 1)
		return try_address((const struct sockaddr *)&six, sizeof(six), uri->export, ret,
				   err);
	return error_make(
		err, EINVAL,
		"the server must be an IP address, as in nbd://192.168.1.2/: names are not "
		"resolved here (getent hosts %s)",
		uri->host);
}

int nbd_dial(const struct nbd_uri *uri, struct nbd_export *ret, struct error **err)
{
	int fd = *uri->socket ? dial_unix(uri, ret, err) : dial_tcp(uri, ret, err);

	if (fd < 0)
		error_wrap(err, "%s%s%s", *uri->socket ? uri->socket : uri->host,
			   *uri->socket ? "" : ":", uri->port);
	return fd;
}
