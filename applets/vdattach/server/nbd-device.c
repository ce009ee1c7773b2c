// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/server/nbd-device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/fs.h>
#include <linux/nbd-netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "applets/lib/modreq.h"
#include "applets/vdattach/server/genl.h"
#include "common/msg.h"

#ifndef NBD_ATTR_BACKEND_IDENTIFIER
#define NBD_ATTR_BACKEND_IDENTIFIER 10 /* Linux 5.14 */
#endif

/*
 * In milliseconds: how soon the kernel looks again after a request that it sent on a connection
 * that was killed; it goes to the next one then. A request that is only slow is left alone, since
 * NBD_ATTR_TIMEOUT is 0.
 */
#define RESEND_AFTER "4000"

#define PARTITIONS 256

int nbd_device_probe(struct error **err)
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

static void put_socket(struct genl_message *message, int fd)
{
	uint32_t sockets = genl_nest_begin(message, NBD_ATTR_SOCKETS);
	uint32_t item = genl_nest_begin(message, NBD_SOCK_ITEM);

	genl_put_u32(message, NBD_SOCK_FD, (uint32_t)fd);
	genl_nest_end(message, item);
	genl_nest_end(message, sockets);
}

static void put_identifier(struct genl_message *message, const char *identifier)
{
	if (identifier)
		genl_put(message, NBD_ATTR_BACKEND_IDENTIFIER, identifier, strlen(identifier) + 1);
}

/* Without NBD_ATTR_INDEX the kernel takes a free device, or makes one, and says which. */
static int call_connect(struct genl *genl, struct vd_server *server, const struct nbd_device *wish)
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
	genl_put_u64(&message, NBD_ATTR_DEAD_CONN_TIMEOUT, wish->dead_timeout);
	genl_put_u64(&message, NBD_ATTR_SERVER_FLAGS, wish->flags);
	put_identifier(&message, wish->identifier);
	put_socket(&message, wish->fd);
	r = genl_call(genl, &message, reply, &n);
	if (r < 0)
		return r;
	index = genl_find(reply, n, NBD_ATTR_INDEX, &length);
	if (!index || length != sizeof(server->index))
		return -EBADMSG;
	memcpy(&server->index, index, sizeof(server->index));
	return 0;
}

int nbd_device_connect(struct vd_server *server, const struct nbd_device *wish, struct error **err)
{
	struct genl genl;
	int r = genl_open(&genl, "nbd", err);

	if (r < 0)
		return r;
	r = call_connect(&genl, server, wish);
	genl_close(&genl);
	return r < 0 ? error_sys(err, r, "nbd: cannot connect a device") : 0;
}

/* One command for the device, with a socket (fd) or without (-1). */
static int command(const struct vd_server *server, uint8_t number, int fd, const char *identifier)
{
	struct genl_message message;
	struct genl genl;
	int r = genl_open(&genl, "nbd", NULL);

	if (r < 0)
		return r;
	genl_begin(&message, genl.family, number);
	genl_put_u32(&message, NBD_ATTR_INDEX, server->index);
	put_identifier(&message, identifier);
	if (fd >= 0)
		put_socket(&message, fd);
	r = genl_call(&genl, &message, NULL, NULL);
	genl_close(&genl);
	return r;
}

int nbd_device_reconnect(const struct vd_server *server, int fd, const char *identifier)
{
	return command(server, NBD_CMD_RECONFIGURE, fd, identifier);
}

int nbd_device_disconnect(const struct vd_server *server)
{
	return command(server, NBD_CMD_DISCONNECT, -1, NULL);
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
		return error_sys(err, errno, "cannot open '%s'", server->devpath);
	if (!server->partscan)
		delete_partitions(fd);
	return 0;
}

int nbd_device_appear(struct vd_server *server, uint32_t max_kib, struct error **err)
{
	char *devpath, number[16];
	int r;

	if (asprintf(&devpath, "/dev/nbd%u", server->index) < 0) {
		nbd_device_disconnect(server);
		return error_sys(err, ENOMEM, "nbd");
	}
	__atomic_store_n(&server->devpath, devpath, __ATOMIC_RELEASE);
	snprintf(number, sizeof(number), "%u", max_kib);
	set_queue(server, "io_timeout", RESEND_AFTER);
	set_queue(server, "max_sectors_kb", number);
	r = scan_partitions(server, err);
	if (r < 0)
		nbd_device_disconnect(server);
	return r;
}

int nbd_device_stop(const struct vd_server *server, bool dead, struct error **err)
{
	_cleanup_close_ int fd = open(server->devpath, O_RDONLY | O_EXCL | O_CLOEXEC);
	int r;

	/* reading the partition table again is refused while a partition is open, mounted or not */
	if ((fd < 0 && errno == EBUSY) || (fd >= 0 && ioctl(fd, BLKRRPART) < 0 && errno == EBUSY))
		return error_make(
			err, EBUSY,
			"cannot detach '%s': it is in use (a file system mounted from it?)",
			server->devpath);
	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", server->devpath);
	/* as with the other servers: what the disk below does not take, it never will */
	if (!dead && fsync(fd) < 0)
		msg(MSG_ERROR, "%s: cannot write out what is left: %s", server->devpath,
		    strerror(errno));
	/* their nodes would outlive the connection */
	delete_partitions(fd);
	r = nbd_device_disconnect(server);
	return r < 0 ? error_sys(err, r, "%s: cannot disconnect", server->devpath) : 0;
}

void nbd_device_close(struct vd_server *server)
{
	close_fd(&server->kernel_fd);
	close_fd(&server->worker_fd);
}
