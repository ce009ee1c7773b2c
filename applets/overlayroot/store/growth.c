// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/growth.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "applets/overlayroot/source.h"
#include "applets/overlayroot/store/extfs.h"
#include "applets/overlayroot/store/file-room.h"
#include "common/file.h"

#define STEP	 (64 * MIB)
#define FAT_STEP (16 * MIB) /* written out as zeros: seconds on a slow USB drive */

/* The file behind a loop device, as long as its name can be reached. */
static int open_backing(const char *device)
{
	char path[1400], name[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/block/%s/loop/backing_file",
		 device + strlen("/dev/"));
	n = read_start(AT_FDCWD, path, name, sizeof(name));
	if (n <= 1)
		return -1;
	name[n - 1] = '\0';
	return open(name, O_RDWR | O_CLOEXEC);
}

void growth_open(const struct upper_spec *upper, const char *base, uint64_t file_limit,
		 struct growth *ret)
{
	struct mount_source source;
	struct room room;

	*ret = (struct growth){ .file = -1, .loop = -1 };
	/* the root of a file system on a loop device: then the file is ours alone */
	if (upper->size.given || upper->kind == UPPER_RAM || mount_source_of(base, &source) < 0 ||
	    strncmp(source.device, "/dev/loop", strlen("/dev/loop")) != 0 ||
	    strcmp(source.root, "/") != 0 || !extfs_type(source.type))
		return;
	ret->loop = open(source.device, O_RDONLY | O_CLOEXEC);
	ret->file = open_backing(source.device);
	if (ret->loop < 0 || ret->file < 0 || room_of(ret->file, &room) < 0) {
		growth_close(ret);
		return;
	}
	ret->limit = file_limit ? MIN(file_limit, room.limit) : room.limit;
}

int growth_step(const struct growth *growth, int base, struct error **err)
{
	struct room room = { 0 };
	struct stat st;
	uint64_t size, step;
	int r;

	if (growth->file < 0)
		return 0;
	r = fstat(growth->file, &st) < 0 ? -errno : room_of(growth->file, &room);
	if (r < 0)
		return error_sys(err, r, "cannot look at the store's file");
	size = (uint64_t)st.st_size - (uint64_t)st.st_size % MIB;
	step = MIN(room.fat ? FAT_STEP : STEP, room.room - room.room / 10);
	step = MIN(step, growth->limit > size ? growth->limit - size : 0);
	step -= step % MIB;
	if (step == 0)
		return 0;
	r = file_extend(growth->file, (uint64_t)st.st_size, size + step, room.fat);
	if (r < 0 || fsync(growth->file) < 0)
		return error_sys(err, r < 0 ? r : errno, "cannot make the store's file larger");
	if (ioctl(growth->loop, LOOP_SET_CAPACITY, 0) < 0)
		return error_sys(err, errno, "cannot make the store's loop device larger");
	r = extfs_grow_at(base, size + step, err);
	return r < 0 ? r : 1;
}

void growth_close(struct growth *growth)
{
	closep(&growth->file);
	closep(&growth->loop);
	growth->file = growth->loop = -1;
}
