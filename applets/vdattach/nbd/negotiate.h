/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client side of the NBD protocol, as far as the first request: newstyle negotiation.
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */
#ifndef APPLETS_VDATTACH_NBD_NEGOTIATE_H
#define APPLETS_VDATTACH_NBD_NEGOTIATE_H

#include "applets/vdattach/nbd/uri.h"

struct nbd_export {
	uint64_t size;	 /* bytes */
	uint16_t flags;	 /* NBD_EXPORT_* */
	uint32_t sector; /* requests must be aligned to it; 1 = any */
	uint32_t max;	 /* bytes of the largest request */
};

/*
 * Asks the server at the other end of the stream socket fd for the export called name, and leaves
 * the connection where requests begin. Trusts nothing of what comes; gives up after so many
 * seconds, also when bytes come all the time. 0; -ETIMEDOUT; -EPROTO (no NBD server, or one that
 * breaks the rules), -ENOENT (it has no such export), -EACCES (it wants TLS, or forbids), -errno.
 */
int nbd_negotiate(int fd, unsigned int seconds, const char *name, struct nbd_export *ret,
		  struct error **err) _must_check_ _nonnull_(3, 4);

/*
 * Connects to uri and negotiates. The server must be a number: whoever reconnects the disk of a
 * root can ask no name server. Returns the socket, ready for the kernel, or -errno.
 */
int nbd_dial(const struct nbd_uri *uri, struct nbd_export *ret, struct error **err) _must_check_
	_nonnull_(1, 2);

/* Says good-bye and closes the connection. */
void nbd_hang_up(int fd);

#endif
