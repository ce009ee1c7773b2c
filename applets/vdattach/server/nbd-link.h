/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processes of a disk that a server has know together: the kernel's connection and whether
 * it lives. It lies in server->memory_fd; events of the kernel come to server->kernel_fd, which all
 * of them have.
 */
#ifndef APPLETS_VDATTACH_SERVER_NBD_LINK_H
#define APPLETS_VDATTACH_SERVER_NBD_LINK_H

#include <stddef.h>

#include "applets/vdattach/server/server.h"

struct nbd_link {
	uint32_t index;	   /* of the device */
	uint8_t connected; /* there is one */
	uint8_t ended;	   /* it was taken down: the worker is to end */
	uint8_t dead;	   /* the connection, since: */
	uint8_t failed;	   /* patience is at its end */
	uint64_t since;	   /* nbd_link_now() */
};

/* All zero at first. */
struct nbd_link nbd_link_load(const struct vd_server *server) _nonnull_(1);

/* n bytes of it, from offset on: different processes write different fields. */
void nbd_link_store(const struct vd_server *server, size_t offset, const void *bytes, size_t n)
	_nonnull_(1, 3);

/* One of the flags. */
void nbd_link_set(const struct vd_server *server, size_t offset, uint8_t value) _nonnull_(1);

/* CLOCK_BOOTTIME, seconds. */
uint64_t nbd_link_now(void);

/*
 * Takes one event, waiting for it at most ms milliseconds (-1: for ever). That the connection is
 * dead is noted before the event is gone: the worker may be killed at any moment.
 */
void nbd_link_take_event(const struct vd_server *server, int ms) _nonnull_(1);

#endif
