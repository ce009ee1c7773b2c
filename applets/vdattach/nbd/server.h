/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Server side of the NBD protocol: fixed newstyle negotiation, simple replies.
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */
#ifndef APPLETS_VDATTACH_NBD_SERVER_H
#define APPLETS_VDATTACH_NBD_SERVER_H

#include "applets/vdattach/nbd/stream.h"

/* Transmission flags of an export. */
enum {
	NBD_EXPORT_HAS_FLAGS = 1 << 0,
	NBD_EXPORT_READ_ONLY = 1 << 1,
	NBD_EXPORT_FLUSH = 1 << 2,
	NBD_EXPORT_FUA = 1 << 3,
	NBD_EXPORT_TRIM = 1 << 5,
	NBD_EXPORT_WRITE_ZEROES = 1 << 6,
	NBD_EXPORT_MULTI_CONN = 1 << 8,
};

/* Greets the client. 0 or -errno. *client must be released in any case. */
int nbd_client_start(struct nbd_client *client, int fd, int stop_fd,
		     struct backend *backend) _must_check_ _nonnull_(1, 4);

/*
 * As nbd_client_start, but the negotiation is done already or was never needed (the kernel's nbd
 * device). Allocates all that the requests will need.
 */
int nbd_client_adopt(struct nbd_client *client, int fd, int stop_fd,
		     struct backend *backend) _must_check_ _nonnull_(1, 4);

/*
 * Takes one message from the client and answers it; waits for the rest of a
 * message that has begun. Returns 1 = continue, 0 = the client said good-bye or
 * hung up between two messages, -errno = broken connection or protocol
 * (-ECANCELED: stop_fd).
 */
int nbd_client_step(struct nbd_client *client) _must_check_ _nonnull_(1);

void nbd_client_release(struct nbd_client *client);

#endif
