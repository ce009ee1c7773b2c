// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/btrfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "applets/lib/modreq.h"
#include "common/bytes.h"
#include "common/macro.h"

#define CONTROL	     "/dev/btrfs-control"
#define SUPER_OFFSET 65536
#define AT_MAGIC     0x40
#define AT_DEVICES   0x88
#define AT_DEVICE_ID 0xc9

int btrfs_part_of(const uint8_t *super, size_t size, struct btrfs_part *ret)
{
	if (size < AT_DEVICE_ID + sizeof(uint64_t) ||
	    memcmp(super + AT_MAGIC, "_BHRfS_M", sizeof(uint64_t)) != 0)
		return -EINVAL;
	ret->devices = get_le64(super + AT_DEVICES);
	ret->id = get_le64(super + AT_DEVICE_ID);
	return 0;
}

int btrfs_part_read(const char *device, struct btrfs_part *ret)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t super[BTRFS_PART_SIZE];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, super, sizeof(super), SUPER_OFFSET);
	if (n < 0)
		return -errno;
	return btrfs_part_of(super, (size_t)n, ret);
}

/* The number that the kernel answers with, or -errno. */
static int btrfs_ioctl(unsigned long request, const char *device)
{
	_cleanup_close_ int fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	struct btrfs_ioctl_vol_args args = { 0 };
	int r;

	if (fd < 0)
		return -errno;
	snprintf(args.name, sizeof(args.name), "%s", device);
	r = ioctl(fd, request, &args);
	return r < 0 ? -errno : r;
}

int btrfs_scan(const char *device, struct error **err)
{
	int r = btrfs_ioctl(BTRFS_IOC_SCAN_DEV, device);

	/* without the driver there is no device to open, or one that nobody answers on */
	if ((r == -ENOENT || r == -ENODEV || r == -ENXIO) && module_request("btrfs") == 0)
		r = btrfs_ioctl(BTRFS_IOC_SCAN_DEV, device);
	if (r == -ENOENT || r == -ENODEV || r == -ENXIO)
		return error_make(err, ENODEV,
				  "no driver for btrfs (module 'btrfs' is not in the image)");
	return r < 0 ? error_sys(err, r, "cannot tell the kernel of '%s'", device) : 0;
}

int btrfs_is_ready(const char *device)
{
	int r = btrfs_ioctl(BTRFS_IOC_DEVICES_READY, device);

	return r < 0 ? r : r == 0;
}

void btrfs_forget(const char *device)
{
	(void)btrfs_ioctl(BTRFS_IOC_FORGET_DEV, device);
}
