// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/roguard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "applets/lib/loopdev.h"
#include "common/msg.h"

/* Opened for reading only: closing a descriptor that could write makes udev scan the disk again. */
static int open_quietly(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/*
 * *ret_changed: the device was writable. One that was read-only already is left alone: BLKROSET
 * would add a flag of its own that outlives what made it so (the write-protect tab, the loop
 * device's file).
 */
static int make_read_only(const char *device, bool *ret_changed)
{
	_cleanup_close_ int fd = open_quietly(device);
	int before = 0, on = 1;

	if (fd < 0)
		return fd;
	if (ioctl(fd, BLKROGET, &before) < 0 || (!before && ioctl(fd, BLKROSET, &on) < 0))
		return -errno;
	*ret_changed = !before;
	return 0;
}

static int make_writable(const char *device)
{
	_cleanup_close_ int fd = open_quietly(device);
	int off = 0;

	if (fd < 0)
		return fd;
	return ioctl(fd, BLKROSET, &off) < 0 ? -errno : 0;
}

int roguard_raise(struct roguard *guard, const char *device, bool hard, struct error **err)
{
	struct loop_request request = { .path = device, .fd = -1, .read_only = true };
	int r;

	*guard = (struct roguard){ .device = strdup(device) };
	if (!guard->device)
		return error_no_memory(err);
	r = make_read_only(device, &guard->was_writable);
	if (r < 0) {
		r = error_sys(err, r, "cannot hold '%s' read-only", device);
		roguard_lower(guard);
		return r;
	}
	if (!hard)
		return 0;
	r = loop_attach(&request, &guard->loop, err);
	if (r < 0)
		roguard_lower(guard);
	return r;
}

const char *roguard_source(const struct roguard *guard)
{
	return guard->loop ? guard->loop : guard->device;
}

void roguard_lower(struct roguard *guard)
{
	_cleanup_error_ struct error *err = NULL;

	if (guard->loop && loop_detach(guard->loop, &err) < 0)
		msg(MSG_WARNING, "%s", error_msg(err));
	if (guard->was_writable) {
		int r = make_writable(guard->device);

		/* a disk that was pulled out needs nothing */
		if (r < 0 && r != -ENXIO && r != -ENOENT && r != -ENOMEDIUM)
			msg(MSG_WARNING, "cannot make '%s' writable again: %s", guard->device,
			    strerror(-r));
	}
	free(guard->loop);
	free(guard->device);
	*guard = (struct roguard){ 0 };
}
