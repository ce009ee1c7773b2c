// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's nbd device, whose requests come over a socket pair. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "applets/vdattach/nbd/server.h"
#include "applets/vdattach/server/awake.h"
#include "applets/vdattach/server/nbd-device.h"

#define SOCKET_BUFFER (2 << 20)

/* How long the kernel keeps requests for the next worker before it fails them, in seconds. */
#define DEAD_TIMEOUT 86400u

/* One request is never larger than the worker's buffer. */
#define MAX_KIB 1024

#define RECONNECTS 500 /* 10 ms each */

static int make_pair(struct vd_server *server, struct error **err)
{
	const int size = SOCKET_BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, errno, "nbd: cannot make a socket");
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	server->kernel_fd = fds[0];
	server->worker_fd = fds[1];
	return 0;
}

static int nbd_create(struct vd_server *server, struct error **err)
{
	return make_pair(server, err);
}

static uint32_t server_flags(const struct vd_server *server)
{
	/* no FUA: the block layer makes a write and a flush of it */
	uint32_t flags = NBD_EXPORT_HAS_FLAGS | NBD_EXPORT_FLUSH;

	if (server->read_only)
		flags |= NBD_EXPORT_READ_ONLY;
	if (server->discard)
		flags |= NBD_EXPORT_TRIM | NBD_EXPORT_WRITE_ZEROES;
	return flags;
}

static int nbd_start(struct vd_server *server, int pid, bool again, struct error **err)
{
	const struct nbd_device wish = {
		.fd = server->kernel_fd,
		.flags = server_flags(server),
		.dead_timeout = DEAD_TIMEOUT,
	};
	int r;

	/* recover() has given the kernel its socket already */
	if (again) {
		close_fd(&server->worker_fd);
		return 0;
	}
	r = nbd_device_connect(server, &wish, err);
	if (r < 0)
		return r;
	close_fd(&server->kernel_fd);
	close_fd(&server->worker_fd);
	return nbd_device_appear(server, MAX_KIB, err);
}

/* Requests fail then, instead of waiting for another worker. */
static void nbd_abort(struct vd_server *server)
{
	if (__atomic_load_n(&server->devpath, __ATOMIC_ACQUIRE))
		nbd_device_disconnect(server);
}

static int nbd_serve(struct vd_server *server, struct backend *backend, struct error **err)
{
	struct nbd_client client;
	int r;

	/* or the worker itself would keep the connection open when the kernel hangs up */
	close_fd(&server->kernel_fd);
	awake_by(server->worker_fd, "the disk");
	r = nbd_client_adopt(&client, server->worker_fd, -1, backend);
	if (r == 0 && write(server->ready_fd, "1", 1) != 1)
		r = -EPIPE;
	server->worker_fd = -1;
	if (r == 0) {
		do {
			r = nbd_client_step(&client);
		} while (r > 0);
	}
	nbd_client_release(&client);
	return r < 0 ? error_sys(err, r, "nbd: requests of the kernel") : 0;
}

/* Whether the other end of the pair is still open somewhere: the kernel took it. */
static bool is_connected(int fd)
{
	struct pollfd poller = { .fd = fd };

	return poll(&poller, 1, 0) == 0;
}

/*
 * NBD_CMD_RECONFIGURE replaces a connection that the kernel has found dead. That takes it a moment
 * after the worker's end, and before it the command succeeds without doing anything.
 */
static int nbd_recover(struct vd_server *server, struct error **err)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	int r = 0;

	for (int i = 0; i < RECONNECTS; i++) {
		close_fd(&server->worker_fd);
		r = make_pair(server, err);
		if (r < 0)
			return r;
		r = nbd_device_reconnect(server, server->kernel_fd, NULL);
		close_fd(&server->kernel_fd);
		if (r < 0)
			return error_sys(err, r, "%s: cannot reconnect", server->devpath);
		if (is_connected(server->worker_fd))
			return 0;
		nanosleep(&pause, NULL);
	}
	return error_make(err, ETIMEDOUT, "%s: the kernel does not give up the old connection",
			  server->devpath);
}

static int nbd_stop(struct vd_server *server, struct error **err)
{
	return nbd_device_stop(server, false, err);
}

const struct vd_server_ops vd_server_nbd = {
	.name = "nbd",
	.probe = nbd_device_probe,
	.create = nbd_create,
	.serve = nbd_serve,
	.start = nbd_start,
	.abort = nbd_abort,
	.recover = nbd_recover,
	.stop = nbd_stop,
	.destroy = nbd_device_close,
};
