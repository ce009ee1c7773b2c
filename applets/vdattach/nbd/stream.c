// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/nbd/stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* Whoever wants to negotiate does so soon, or makes room for others; who has done so may idle. */
#define NEGOTIATION 30000 /* milliseconds for one message */

/* Waits until the socket is ready for events. 1, -ECANCELED, -ETIMEDOUT or -errno. */
static int wait_ready(const struct nbd_client *client, short events)
{
	struct pollfd fds[] = { { client->fd, events, 0 }, { client->stop_fd, POLLIN, 0 } };
	int limit = client->phase == NBD_PHASE_TRANSMIT ? -1 : NEGOTIATION, r;

	do {
		r = poll(fds, ARRAY_SIZE(fds), limit);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	return fds[1].revents ? -ECANCELED : 1;
}

/* Without stop_fd there is nothing else to wait for, and the kernel can do it. */
static int wait_flags(const struct nbd_client *client)
{
	return client->stop_fd >= 0 ? MSG_DONTWAIT : 0;
}

int nbd_recv(const struct nbd_client *client, void *buf, size_t n)
{
	uint8_t *p = buf;
	size_t done = 0;

	while (done < n) {
		ssize_t got = recv(client->fd, p + done, n - done, wait_flags(client));

		if (got == 0)
			return done ? -EPIPE : 0;
		if (got > 0) {
			done += (size_t)got;
		} else if (errno == EAGAIN) {
			int r = wait_ready(client, POLLIN);

			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 1;
}

int nbd_send(const struct nbd_client *client, const void *buf, size_t n)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t put = send(client->fd, p, n, wait_flags(client) | MSG_NOSIGNAL);

		if (put >= 0) {
			p += put;
			n -= (size_t)put;
		} else if (errno == EAGAIN) {
			int r = wait_ready(client, POLLOUT);

			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 1;
}

int nbd_reserve(struct nbd_client *client, size_t n)
{
	uint8_t *buf;

	if (n <= client->buf_size)
		return 1;
	buf = realloc(client->buf, n);
	if (!buf)
		return -ENOMEM;
	client->buf = buf;
	client->buf_size = n;
	return 1;
}
