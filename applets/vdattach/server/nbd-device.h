/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's nbd devices, set up by generic netlink: unlike with the ioctl NBD_DO_IT no process
 * of ours waits in the kernel, whose end would be that of the device. Netlink commands:
 * linux/nbd-netlink.h, drivers/block/nbd.c.
 */
#ifndef APPLETS_VDATTACH_SERVER_NBD_DEVICE_H
#define APPLETS_VDATTACH_SERVER_NBD_DEVICE_H

#include "applets/vdattach/server/server.h"

/* Loads the module if need be. 0, or -EOPNOTSUPP with the reason in *err. */
int nbd_device_probe(struct error **err) _must_check_;

/* What the device shall be, beside the wishes of struct vd_server. */
struct nbd_device {
	int fd;			/* connected socket; the kernel takes a reference of its own */
	uint32_t flags;		/* NBD_EXPORT_* */
	uint32_t dead_timeout;	/* seconds for which requests wait for another socket */
	const char *identifier; /* for RECONFIGURE to prove that it means this one; or NULL */
};

/* Connects a device that was free, or a new one: server->index. 0 or -errno. */
int nbd_device_connect(struct vd_server *server, const struct nbd_device *wish,
		       struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * Gives the kernel another socket for one that it has found dead; without any it succeeds and takes
 * nothing. identifier: as when it was connected. 0 or -errno.
 */
int nbd_device_reconnect(const struct vd_server *server, int fd,
			 const char *identifier) _must_check_ _nonnull_(1);

/* The requests that wait fail, and all that come. 0 or -errno. */
int nbd_device_disconnect(const struct vd_server *server) _nonnull_(1);

/*
 * After nbd_device_connect: sets server->devpath, sizes of requests (at most max_kib KiB) and makes
 * the partitions' nodes, or none without server->partscan. On an error the device is disconnected.
 */
int nbd_device_appear(struct vd_server *server, uint32_t max_kib, struct error **err) _must_check_
	_nonnull_(1);

/*
 * Writes out what is left (not when dead: nobody would take it) and disconnects. -EBUSY, and
 * nothing changed, while it is in use.
 */
int nbd_device_stop(const struct vd_server *server, bool dead, struct error **err) _must_check_
	_nonnull_(1);

/* Closes both ends of the socket, for destroy(). */
void nbd_device_close(struct vd_server *server) _nonnull_(1);

#endif
