// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A disk that another machine serves. The kernel's nbd device talks to the server itself: no
 * process of ours is in the way of a request, and stopping or killing them harms no one. The worker
 * has the connection made and waits for the kernel to say that it is dead; then it makes the next
 * one, and the kernel repeats there what was not answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nbd-netlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "applets/vdattach/nbd/negotiate.h"
#include "applets/vdattach/nbd/server.h"
#include "applets/vdattach/server/awake.h"
#include "applets/vdattach/server/genl.h"
#include "applets/vdattach/server/nbd-device.h"
#include "applets/vdattach/server/nbd-link.h"
#include "common/file.h"
#include "common/msg.h"

/* Requests wait for a week, unless somebody has less patience: more is too much for a 32-bit
 * kernel's clock. */
#define DEAD_TIMEOUT 604800u

/* Between attempts to reach the server, in milliseconds: at first, and at most. */
enum { PAUSE_FIRST = 500, PAUSE_MAX = 5000 };

/*
 * How often a connection is offered that the kernel does not want, 100 ms apart: it tells of a dead
 * one a moment before it takes another.
 */
enum { OFFERS = 3, OFFER_PAUSE = 100 };

static uint32_t export_flags(const struct vd_server *server)
{
	return server->remote->flags | (server->read_only ? NBD_EXPORT_READ_ONLY : 0);
}

/* What attach has connected becomes the worker's; kernel_fd is from now on where events come. */
static int remote_create(struct vd_server *server, struct error **err)
{
	struct genl genl;
	int r;

	server->worker_fd = server->kernel_fd;
	server->kernel_fd = -1;
	fcntl(server->worker_fd, F_SETFD, FD_CLOEXEC);
	r = genl_open(&genl, "nbd", err);
	if (r < 0)
		return r;
	r = genl_listen(&genl);
	if (r < 0) {
		genl_close(&genl);
		return error_sys(err, r, "nbd: cannot listen for events");
	}
	server->kernel_fd = genl.fd;
	return 0;
}

/* Names the disk in /sys/block/nbdN/backend. Not longer than the kernel's messages are here. */
static void identifier(const struct vd_server *server, char *ret, size_t size)
{
	size_t n = strnlen(server->remote->uri, size - 1);

	memcpy(ret, server->remote->uri, n);
	ret[n] = '\0';
}

static int connect_first(struct vd_server *server, struct error **err)
{
	char name[200];
	const struct nbd_device wish = {
		.fd = server->worker_fd,
		.flags = export_flags(server),
		.dead_timeout = server->remote->patience ? server->remote->patience : DEAD_TIMEOUT,
		.identifier = name,
	};
	struct nbd_link link = { .connected = 1 };
	int r;

	identifier(server, name, sizeof(name));
	r = nbd_device_connect(server, &wish, err);
	if (r < 0)
		return r;
	link.index = server->index;
	nbd_link_store(server, 0, &link, sizeof(link));
	return 0;
}

/*
 * Whether the kernel keeps the socket, which is closed here: only what is open somewhere stays in a
 * set of epoll(7).
 */
static bool is_taken(int fd)
{
	_cleanup_close_ int set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLPRI };
	char path[64], text[512];
	ssize_t n;

	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		return true;
	}
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", set);
	n = read_start(AT_FDCWD, path, text, sizeof(text));
	return n <= 0 || strstr(text, "tfd:");
}

/* Whether the device is still the one that was connected here. */
static bool is_ours(const struct vd_server *server)
{
	char name[200], path[64], text[256];
	ssize_t n;

	identifier(server, name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/class/block/nbd%u/backend", server->index);
	n = read_start(AT_FDCWD, path, text, sizeof(text));
	if (n == -ENOENT)
		return access("/sys/class/block", F_OK) < 0;
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, name) == 0;
}

/* One attempt. 1 = the kernel has its connection, 0 = it wants none, -errno. */
static int offer(const struct vd_server *server, struct error **err)
{
	struct nbd_export export;
	struct nbd_uri uri;
	char name[200];
	int fd, r = nbd_uri_parse(server->remote->uri, &uri, err);

	if (r < 0)
		return r;
	fd = nbd_dial(&uri, &export, err);
	if (fd < 0)
		return fd;
	if (export.size / server->sector_size != server->size / server->sector_size ||
	    (~export_flags(server) & export.flags & NBD_EXPORT_READ_ONLY)) {
		nbd_hang_up(fd);
		return error_make(
			err, ESTALE, "the export changed: %" PRIu64 " bytes%s, it was %" PRIu64,
			export.size, export.flags & NBD_EXPORT_READ_ONLY ? ", read-only" : "",
			server->size);
	}
	identifier(server, name, sizeof(name));
	r = nbd_device_reconnect(server, fd, name);
	if (r < 0) {
		nbd_hang_up(fd);
		return error_sys(err, r, "cannot reconnect");
	}
	return is_taken(fd);
}

static void live_again(const struct vd_server *server, bool told)
{
	if (told)
		msg(MSG_WARNING, "%s: connected to %s again after %" PRIu64 " s", server->devpath,
		    server->remote->uri, nbd_link_now() - nbd_link_load(server).since);
	nbd_link_set(server, offsetof(struct nbd_link, dead), 0);
}

static void remote_give_up(const struct vd_server *server)
{
	msg(MSG_ERROR, "%s: no server for %u s: reads and writes fail from now on", server->devpath,
	    server->remote->patience);
	nbd_device_disconnect(server);
	nbd_link_set(server, offsetof(struct nbd_link, failed), 1);
}

/* The connection is dead. Returns when there is another, or when nobody waits for one any more. */
static void reconnect(const struct vd_server *server)
{
	int pause = PAUSE_FIRST, unwanted = 0;
	bool told = false;
	struct nbd_link link;

	for (;;) {
		_cleanup_error_ struct error *err = NULL;
		int r = is_ours(server) ? offer(server, &err) : 0;

		if (r > 0 || (r == 0 && ++unwanted == OFFERS)) {
			live_again(server, r > 0);
			return;
		}
		if (r < 0 && !told)
			msg(MSG_WARNING, "I/O on %s is suspended: the connection to %s is dead: %s",
			    server->devpath, server->remote->uri, error_msg(err));
		told = told || r < 0;
		nbd_link_take_event(server, r == 0 ? OFFER_PAUSE : pause);
		pause = MIN(2 * pause, (int)PAUSE_MAX);
		link = nbd_link_load(server);
		if (link.ended)
			return;
		if (server->remote->patience &&
		    nbd_link_now() - link.since >= server->remote->patience) {
			remote_give_up(server);
			return;
		}
	}
}

static int remote_serve(struct vd_server *server, struct backend *backend, struct error **err)
{
	struct nbd_link link;
	int r = server->worker_fd >= 0 ? connect_first(server, err) : 0;

	/* the kernel has it */
	close_fd(&server->worker_fd);
	if (r < 0)
		return r;
	link = nbd_link_load(server);
	server->index = link.index;
	awake_by(server->kernel_fd, "reconnecting");
	if (!server->devpath && asprintf(&server->devpath, "/dev/nbd%u", link.index) < 0)
		return error_sys(err, ENOMEM, "nbd");
	if (write(server->ready_fd, "1", 1) != 1)
		return error_sys(err, errno, "nbd: cannot report that the disk is there");
	for (; !link.ended; link = nbd_link_load(server)) {
		if (link.dead && !link.failed)
			reconnect(server);
		else
			nbd_link_take_event(server, -1);
	}
	return link.failed ? error_make(err, EIO, "the server was away for more than %u s",
					server->remote->patience)
			   : 0;
}

static int remote_start(struct vd_server *server, int pid, bool again, struct error **err)
{
	close_fd(&server->worker_fd);
	if (again)
		return 0;
	server->index = nbd_link_load(server).index;
	return nbd_device_appear(server, server->remote->max_kib, err);
}

/* Requests fail then, instead of waiting for another connection. */
static void remote_abort(struct vd_server *server)
{
	if (__atomic_load_n(&server->devpath, __ATOMIC_ACQUIRE))
		nbd_device_disconnect(server);
}

/* The kernel has all that it needs. */
static int remote_recover(struct vd_server *server, struct error **err)
{
	return 0;
}

/* The worker waits for an event: the answer to any question is one. */
static void end_worker(const struct vd_server *server)
{
	struct genl_message message;
	struct genl genl;

	nbd_link_set(server, offsetof(struct nbd_link, ended), 1);
	if (genl_open(&genl, "nbd", NULL) < 0)
		return;
	genl_begin(&message, genl.family, NBD_CMD_STATUS);
	genl_put_u32(&message, NBD_ATTR_INDEX, server->index);
	genl_finish(&message, 1);
	genl_close(&genl);
	if (send(server->kernel_fd, message.bytes, message.n, 0) < 0)
		msg(MSG_WARNING, "nbd: %s", strerror(errno));
}

static int remote_stop(struct vd_server *server, struct error **err)
{
	int r = nbd_device_stop(server, nbd_link_load(server).failed, err);

	if (r == 0)
		end_worker(server);
	return r;
}

static void remote_destroy(struct vd_server *server)
{
	struct nbd_link link = nbd_link_load(server);

	if (link.connected && !link.ended) {
		server->index = link.index;
		nbd_device_disconnect(server);
	}
	nbd_device_close(server);
}

const struct vd_server_ops vd_server_remote = {
	.name = "nbd-client",
	.probe = nbd_device_probe,
	.create = remote_create,
	.serve = remote_serve,
	.start = remote_start,
	.abort = remote_abort,
	.recover = remote_recover,
	.stop = remote_stop,
	.destroy = remote_destroy,
};
