/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's loop device: a file, or a part of one, as a block device. */
#ifndef APPLETS_LIB_LOOPDEV_H
#define APPLETS_LIB_LOOPDEV_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

struct loop_request {
	const char *path; /* the backing file; with fd >= 0 only its name in messages and LO_NAME */
	int fd;		 /* backing file already open (stays the caller's), or -1: path is opened */
	uint64_t offset; /* bytes into the file where the device begins */
	uint64_t size;	 /* bytes; 0 = to the end of the file */
	uint32_t block_size; /* logical sector size of the device, 512..page size; 0 = 512 */
	bool read_only;
	bool partscan;	/* the kernel's partition nodes exist when loop_attach returns */
	bool direct_io; /* a wish: buffered where the file system does not do it */
	bool autoclear; /* detach at the last close: only with loop_attach_fd, see there */
};

/*
 * Attaches to a free loop device (LOOP_CTL_GET_FREE + LOOP_CONFIGURE of Linux
 * 5.8; LOOP_SET_FD + LOOP_SET_STATUS64 before). Loads module loop and makes
 * missing device nodes. *ret_device ("/dev/loopN") is the caller's to free.
 * A file that cannot be opened for writing is an error (-EROFS, -EACCES..)
 * unless read_only. Returns 0 or -errno with *err set.
 */
int loop_attach(const struct loop_request *req, char **ret_device, struct error **err) _must_check_
	_nonnull_(1, 2);

/*
 * The same, and *ret_fd is an open descriptor on the device, the caller's to
 * close. An autoclear device goes away when the last descriptor or mount does:
 * keep the fd until it is mounted.
 */
int loop_attach_fd(const struct loop_request *req, char **ret_device, int *ret_fd,
		   struct error **err) _must_check_ _nonnull_(1, 2, 3);

/*
 * The device that was attached with that name as its path, of LO_NAME_SIZE - 1 bytes at most.
 * *ret_device is the caller's to free. 0, or -ENOENT: there is none.
 */
int loop_find(const char *name, char **ret_device) _must_check_ _nonnull_(1, 2);

/*
 * Detaches. Refuses with -EBUSY while the device or one of its partitions is
 * mounted or otherwise claimed (the kernel itself would postpone it silently);
 * -ENXIO when nothing is attached, -ENOTBLK when device is no loop device.
 */
int loop_detach(const char *device, struct error **err) _must_check_ _nonnull_(1);

#endif
