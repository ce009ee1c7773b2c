/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last resort among the transports: a file system that is one file, of the kernel's FUSE
 * protocol (linux/fuse.h; no libfuse), and a loop device over that file. The mount has no place in
 * any namespace: the loop device alone holds it, and it goes with it.
 *
 * Both caches that loop devices over FUSE are known for are avoided: the file is opened with
 * FOPEN_DIRECT_IO, so the kernel keeps no pages of it, and the loop device does direct I/O. What
 * is left is the page cache of the device, as of every other disk.
 */
#ifndef APPLETS_VDATTACH_SERVER_FUSE_H
#define APPLETS_VDATTACH_SERVER_FUSE_H

#include "applets/vdattach/server/server.h"

#define FUSE_DATA_MAX ((uint32_t)MIB) /* in one request */

/*
 * The request that is being answered, in memory that all processes share: when a worker is killed,
 * the next finds here what the kernel has handed out already, and answers it (again, perhaps: the
 * kernel ignores a second answer, and nothing was answered in between). header.len 0: there is
 * none.
 */
struct fuse_pending {
	uint8_t request[4096]; /* struct fuse_in_header and arguments */
	uint8_t data[FUSE_DATA_MAX];
};

/* Maps it, of a file in memory that is empty or has it already. 0 or -errno. */
int fuse_pending_map(int memory_fd, struct fuse_pending **ret) _must_check_;

/* Answers what fd, which is /dev/fuse, hands out until the file system is gone. 0 or -errno. */
int fuse_serve(const struct vd_server *srv, int fd, struct fuse_pending *pending,
	       struct backend *backend, struct error **err) _must_check_;

#endif
