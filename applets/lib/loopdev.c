// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/loopdev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "applets/lib/hostfs.h"
#include "applets/lib/modreq.h"

#define LOOP_CONTROL	   "/dev/loop-control"
#define LOOP_CONTROL_MINOR 237 /* linux/miscdevice.h */
#define GET_FREE_TRIES	   256

/* Opens a node, making it first where neither devtmpfs nor udev did. */
static int open_node(const char *path, mode_t type, dev_t number, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && mknod(path, type | 0600, number) == 0)
		fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int loopdev_open_control(struct error **err)
{
	int fd = open(LOOP_CONTROL, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
		return error_sys(err, errno, "cannot open '%s'", LOOP_CONTROL);
	module_request("loop");
	fd = open_node(LOOP_CONTROL, S_IFCHR, makedev(MISC_MAJOR, LOOP_CONTROL_MINOR), O_RDWR);
	if (fd < 0)
		return error_sys(err, fd, "cannot open '%s': is the kernel module 'loop' there?",
				 LOOP_CONTROL);
	return fd;
}

static int open_backing(const struct loop_request *req, struct error **err)
{
	int flags = req->read_only ? O_RDONLY : O_RDWR;
	int fd = open(req->path, flags | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s' for %s", req->path,
				 req->read_only ? "reading" : "writing");
	return fd;
}

static void fill_info(const struct loop_request *req, struct loop_info64 *info)
{
	memset(info, 0, sizeof(*info));
	info->lo_offset = req->offset;
	info->lo_sizelimit = req->size;
	info->lo_flags = (req->read_only ? LO_FLAGS_READ_ONLY : 0) |
			 (req->partscan ? LO_FLAGS_PARTSCAN : 0) |
			 (req->autoclear ? LO_FLAGS_AUTOCLEAR : 0) |
			 (req->direct_io ? LO_FLAGS_DIRECT_IO : 0);
	strncpy((char *)info->lo_file_name, req->path, LO_NAME_SIZE - 1);
}

/* Linux before 5.8. The kernel says EAGAIN while it drains its page cache of the device. */
static int configure_old(const struct loop_request *req, int loop, int backing)
{
	struct loop_info64 info;
	int r, tries = 64;

	if (ioctl(loop, LOOP_SET_FD, backing) < 0)
		return -errno;
	fill_info(req, &info);
	do {
		r = ioctl(loop, LOOP_SET_STATUS64, &info) < 0 ? -errno : 0;
	} while (r == -EAGAIN && --tries > 0);
	if (!r && req->block_size > 512 &&
	    ioctl(loop, LOOP_SET_BLOCK_SIZE, (unsigned long)req->block_size) < 0)
		r = -errno;
	if (r) {
		ioctl(loop, LOOP_CLR_FD, 0);
		return r;
	}
	if (req->direct_io)
		ioctl(loop, LOOP_SET_DIRECT_IO, 1UL);
	return 0;
}

static int configure(const struct loop_request *req, int loop, int backing)
{
	struct loop_config config = { .fd = (uint32_t)backing };
	int r;

	config.block_size = req->block_size ? req->block_size : 512;
	fill_info(req, &config.info);
	if (ioctl(loop, LOOP_CONFIGURE, &config) == 0)
		return 0;
	r = -errno;
	if (r != -ENOTTY && r != -EINVAL && r != -ENOSYS)
		return r;
	return configure_old(req, loop, backing);
}

/*
 * BLKROSET belongs to the block device, not to what is attached to it: what an
 * earlier user of the same number set would make this one read-only.
 */
static int clear_read_only(int loop)
{
	int read_only = 0;

	if (ioctl(loop, BLKROGET, &read_only) < 0 || !read_only)
		return 0;
	read_only = 0;
	return ioctl(loop, BLKROSET, &read_only) < 0 ? -errno : 0;
}

/* Configures the device. Returns 0 or -errno with nothing attached. */
static int configure_fresh(const struct loop_request *req, int loop, int backing)
{
	int r = configure(req, loop, backing);

	if (r < 0 || req->read_only)
		return r;
	r = clear_read_only(loop);
	if (r < 0)
		ioctl(loop, LOOP_CLR_FD, 0);
	return r;
}

/* One free device. Returns its fd, -EBUSY when another process was quicker. */
static int try_free(const struct loop_request *req, int control, int backing, int *ret_number)
{
	int number, loop, r;
	char path[32];

	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0)
		return -errno;
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	loop = open_node(path, S_IFBLK, makedev(LOOP_MAJOR, (unsigned int)number),
			 req->read_only ? O_RDONLY : O_RDWR);
	if (loop < 0)
		return loop;
	r = configure_fresh(req, loop, backing);
	if (r < 0) {
		close(loop);
		return r;
	}
	*ret_number = number;
	return loop;
}

static int attach_backing(const struct loop_request *req, int backing, char **ret_device,
			  int *ret_fd, struct error **err)
{
	_cleanup_close_ int control = loopdev_open_control(err);
	int loop = -EBUSY, number = -1;

	if (control < 0)
		return control;
	for (int i = 0; i < GET_FREE_TRIES && loop == -EBUSY; i++)
		loop = try_free(req, control, backing, &number);
	if (loop < 0)
		return error_sys(err, loop, "cannot attach '%s' to a loop device", req->path);
	if (asprintf(ret_device, "/dev/loop%d", number) < 0) {
		ioctl(loop, LOOP_CLR_FD, 0);
		close(loop);
		return error_sys(err, ENOMEM, "cannot attach '%s'", req->path);
	}
	*ret_fd = loop;
	return 0;
}

/* Most file systems that cannot do direct I/O say so, and the kernel takes buffered I/O by itself.
 */
int loop_attach_fd(const struct loop_request *req, char **ret_device, int *ret_fd,
		   struct error **err)
{
	struct loop_request possible = *req;
	_cleanup_close_ int opened = req->fd < 0 ? open_backing(req, err) : -1;
	int backing = req->fd < 0 ? opened : req->fd;

	if (backing < 0)
		return backing;
	possible.direct_io = req->direct_io && !hostfs_fails_direct_io(backing);
	return attach_backing(&possible, backing, ret_device, ret_fd, err);
}

int loop_attach(const struct loop_request *req, char **ret_device, struct error **err)
{
	int r, fd = -1;

	if (req->autoclear)
		return error_make(err, EINVAL,
				  "cannot attach '%s': autoclear needs the device kept open",
				  req->path);
	r = loop_attach_fd(req, ret_device, &fd, err);
	if (r == 0)
		close(fd);
	return r;
}

static bool has_name(const char *device, const char *name)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	struct loop_info64 info;

	return fd >= 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
	       strncmp((const char *)info.lo_file_name, name, LO_NAME_SIZE) == 0;
}

int loop_find(const char *name, char **ret_device)
{
	DIR *dir = opendir("/sys/block");
	const struct dirent *entry;
	int r = -ENOENT;

	while (dir && r == -ENOENT && (entry = readdir(dir))) {
		char device[32];

		if (strncmp(entry->d_name, "loop", 4) != 0)
			continue;
		snprintf(device, sizeof(device), "/dev/%.24s", entry->d_name);
		if (has_name(device, name))
			r = asprintf(ret_device, "%s", device) < 0 ? -ENOMEM : 0;
	}
	if (dir)
		closedir(dir);
	return r;
}

int loop_detach(const char *device, struct error **err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd < 0 && errno == EBUSY)
		return error_make(
			err, EBUSY,
			"cannot detach '%s': it is in use (a file system mounted from it?)",
			device);
	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", device);
	if (fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || major(st.st_rdev) != LOOP_MAJOR)
		return error_make(err, ENOTBLK, "cannot detach '%s': not a loop device", device);
	if (ioctl(fd, LOOP_CLR_FD, 0) < 0)
		return error_sys(err, errno, "cannot detach '%s'", device);
	return 0;
}
