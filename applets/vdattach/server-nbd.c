// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's nbd device, set up by generic netlink: unlike with the ioctl NBD_DO_IT no process of
 * ours waits in the kernel, whose end would be that of the device. Netlink commands:
 * linux/nbd-netlink.h, drivers/block/nbd.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <linux/nbd-netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "applets/lib/modreq.h"
#include "applets/lib/msg.h"
#include "applets/vdattach/genl.h"
#include "applets/vdattach/nbd-server.h"
#include "applets/vdattach/server.h"

#define SOCKET_BUFFER (2 << 20)

/* How long the kernel keeps requests for the next worker before it fails them, in seconds. */
#define DEAD_TIMEOUT 86400u

/*
 * In milliseconds: how soon the kernel looks again after a request that it sent to a worker that
 * died; it goes to the next worker then. A request that is only slow is left alone, since
 * NBD_ATTR_TIMEOUT is 0.
 */
#define RESEND_AFTER "4000"

/* One request is never larger than the worker's buffer. */
#define MAX_SECTORS_KIB "1024"

#define PARTITIONS 256
#define RECONNECTS 500 /* 10 ms each */

static int nbd_probe(struct error **err)
{
	struct genl genl;
	int r = genl_open(&genl, "nbd", NULL);

	if (r < 0) {
		module_request("nbd");
		r = genl_open(&genl, "nbd", NULL);
	}
	if (r < 0)
		return error_make(err, EOPNOTSUPP, "nbd: the kernel has no module 'nbd'");
	genl_close(&genl);
	return 0;
}

static int make_pair(struct vd_server *server, struct error **err)
{
	const int size = SOCKET_BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return error_sys(err, errno, "nbd: socket");
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	server->kernel_fd = fds[0];
	server->worker_fd = fds[1];
	return 0;
}

static void close_fd(int *fd)
{
	closep(fd);
	*fd = -1;
}

static int nbd_create(struct vd_server *server, struct error **err)
{
	return make_pair(server, err);
}

static void put_socket(struct genl_message *message, int fd)
{
	uint32_t sockets = genl_nest_begin(message, NBD_ATTR_SOCKETS);
	uint32_t item = genl_nest_begin(message, NBD_SOCK_ITEM);

	genl_put_u32(message, NBD_SOCK_FD, (uint32_t)fd);
	genl_nest_end(message, item);
	genl_nest_end(message, sockets);
}

static uint64_t server_flags(const struct vd_server *server)
{
	/* no FUA: the block layer makes a write and a flush of it */
	uint64_t flags = NBD_EXPORT_HAS_FLAGS | NBD_EXPORT_FLUSH;

	if (server->read_only)
		flags |= NBD_EXPORT_READ_ONLY;
	if (server->discard)
		flags |= NBD_EXPORT_TRIM | NBD_EXPORT_WRITE_ZEROES;
	return flags;
}

/* Without NBD_ATTR_INDEX the kernel takes a free device, or makes one, and says which. */
static int nbd_connect(struct genl *genl, struct vd_server *server)
{
	struct genl_message message;
	uint8_t reply[64];
	size_t n = sizeof(reply), length = 0;
	const uint8_t *index;
	int r;

	genl_begin(&message, genl->family, NBD_CMD_CONNECT);
	genl_put_u64(&message, NBD_ATTR_SIZE_BYTES, server->size);
	genl_put_u64(&message, NBD_ATTR_BLOCK_SIZE_BYTES, server->sector_size);
	genl_put_u64(&message, NBD_ATTR_TIMEOUT, 0);
	genl_put_u64(&message, NBD_ATTR_DEAD_CONN_TIMEOUT, DEAD_TIMEOUT);
	genl_put_u64(&message, NBD_ATTR_SERVER_FLAGS, server_flags(server));
	put_socket(&message, server->kernel_fd);
	r = genl_call(genl, &message, reply, &n);
	if (r < 0)
		return r;
	index = genl_find(reply, n, NBD_ATTR_INDEX, &length);
	if (!index || length != sizeof(server->index))
		return -EBADMSG;
	memcpy(&server->index, index, sizeof(server->index));
	return 0;
}

/* One command for the device, with a socket (fd) or without (-1). */
static int command(const struct vd_server *server, uint8_t number, int fd)
{
	struct genl_message message;
	struct genl genl;
	int r = genl_open(&genl, "nbd", NULL);

	if (r < 0)
		return r;
	genl_begin(&message, genl.family, number);
	genl_put_u32(&message, NBD_ATTR_INDEX, server->index);
	if (fd >= 0)
		put_socket(&message, fd);
	r = genl_call(&genl, &message, NULL, NULL);
	genl_close(&genl);
	return r;
}

static void set_queue(const struct vd_server *server, const char *attribute, const char *value)
{
	_cleanup_close_ int fd = -1;
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/block/nbd%u/queue/%s", server->index, attribute);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		msg(MSG_DEBUG, "%s: %s", path, strerror(errno));
}

static void delete_partitions(int fd)
{
	for (int i = 1; i < PARTITIONS; i++) {
		struct blkpg_partition part = { .pno = i };
		struct blkpg_ioctl_arg arg = {
			.op = BLKPG_DEL_PARTITION,
			.datalen = sizeof(part),
			.data = &part,
		};

		ioctl(fd, BLKPG, &arg);
	}
}

/*
 * The kernel reads the partition table when the device is first opened. Nobody is to meet the
 * partitions of a device that only serves another one.
 */
static int scan_partitions(const struct vd_server *server, struct error **err)
{
	_cleanup_close_ int fd = open(server->devpath, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, errno, "open '%s'", server->devpath);
	if (!server->partscan)
		delete_partitions(fd);
	return 0;
}

static int nbd_start(struct vd_server *server, int pid, bool again, struct error **err)
{
	struct genl genl;
	char *devpath;
	int r;

	/* recover() has given the kernel its socket already */
	if (again) {
		close_fd(&server->worker_fd);
		return 0;
	}
	r = genl_open(&genl, "nbd", err);
	if (r < 0)
		return r;
	r = nbd_connect(&genl, server);
	genl_close(&genl);
	if (r < 0)
		return error_sys(err, r, "nbd: connect a device");
	close_fd(&server->kernel_fd);
	close_fd(&server->worker_fd);
	if (asprintf(&devpath, "/dev/nbd%u", server->index) < 0) {
		command(server, NBD_CMD_DISCONNECT, -1);
		return error_sys(err, ENOMEM, "nbd");
	}
	__atomic_store_n(&server->devpath, devpath, __ATOMIC_RELEASE);
	set_queue(server, "io_timeout", RESEND_AFTER);
	set_queue(server, "max_sectors_kb", MAX_SECTORS_KIB);
	r = scan_partitions(server, err);
	if (r < 0)
		command(server, NBD_CMD_DISCONNECT, -1);
	return r;
}

/* Requests fail then, instead of waiting for another worker. */
static void nbd_abort(struct vd_server *server)
{
	if (__atomic_load_n(&server->devpath, __ATOMIC_ACQUIRE))
		command(server, NBD_CMD_DISCONNECT, -1);
}

/*
 * Whoever stops all processes, as systemd does at shutdown, stops the worker as well. What arrives
 * on the socket then wakes it: SIGCONT works on a stopped process whatever its disposition.
 */
static void wake_by_requests(int fd)
{
	if (fcntl(fd, F_SETOWN, getpid()) < 0 || fcntl(fd, F_SETSIG, SIGCONT) < 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC) < 0)
		msg(MSG_WARNING, "nbd: stopping this process would stop the disk: %s",
		    strerror(errno));
}

static int nbd_serve(struct vd_server *server, struct backend *backend, struct error **err)
{
	struct nbd_client client;
	int r;

	/* or the worker itself would keep the connection open when the kernel hangs up */
	close_fd(&server->kernel_fd);
	wake_by_requests(server->worker_fd);
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
		r = command(server, NBD_CMD_RECONFIGURE, server->kernel_fd);
		close_fd(&server->kernel_fd);
		if (r < 0)
			return error_sys(err, r, "%s: reconnect", server->devpath);
		if (is_connected(server->worker_fd))
			return 0;
		nanosleep(&pause, NULL);
	}
	return error_make(err, ETIMEDOUT, "%s: the kernel does not give up the old connection",
			  server->devpath);
}

static int nbd_stop(struct vd_server *server, struct error **err)
{
	_cleanup_close_ int fd = open(server->devpath, O_RDONLY | O_EXCL | O_CLOEXEC);
	int r;

	/* reading the partition table again is refused while a partition is open, mounted or not */
	if ((fd < 0 && errno == EBUSY) || (fd >= 0 && ioctl(fd, BLKRRPART) < 0 && errno == EBUSY))
		return error_make(err, EBUSY,
				  "detach '%s': it is in use (a file system mounted from it?)",
				  server->devpath);
	if (fd < 0)
		return error_sys(err, errno, "open '%s'", server->devpath);
	if (fsync(fd) < 0)
		return error_sys(err, errno, "detach '%s': write out what is left",
				 server->devpath);
	/* their nodes would outlive the connection */
	delete_partitions(fd);
	r = command(server, NBD_CMD_DISCONNECT, -1);
	return r < 0 ? error_sys(err, r, "%s: disconnect", server->devpath) : 0;
}

static void nbd_destroy(struct vd_server *server)
{
	close_fd(&server->kernel_fd);
	close_fd(&server->worker_fd);
}

const struct vd_server_ops vd_server_nbd = {
	.name = "nbd",
	.probe = nbd_probe,
	.create = nbd_create,
	.serve = nbd_serve,
	.start = nbd_start,
	.abort = nbd_abort,
	.recover = nbd_recover,
	.stop = nbd_stop,
	.destroy = nbd_destroy,
};
