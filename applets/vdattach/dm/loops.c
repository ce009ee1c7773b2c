// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/loops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "applets/lib/loopdev.h"
#include "common/msg.h"

static int loops_measure(struct dm_loops *loops, uint32_t i, struct error **err)
{
	struct stat st;

	if (fstat(loops->fds[i], &st) < 0 ||
	    ioctl(loops->fds[i], BLKGETSIZE64, &loops->sizes[i]) < 0)
		return error_sys(err, errno, "size of a loop device");
	loops->devices[i] = st.st_rdev;
	return 0;
}

/*
 * The kernel tells an error of writing back once to each opening of the file: so each has its own,
 * and none is lost.
 */
static int open_again(const struct source *source, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", source_file_fd(source));
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int attach(struct dm_loops *loops, uint32_t i, struct source *source, bool read_only,
		  struct error **err)
{
	struct loop_request req = { .path = source->name,
				    .block_size = VD_SECTOR,
				    .read_only = read_only,
				    .autoclear = true };
	_cleanup_free_ char *device = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	loops->fds[i] = loops->files[i] = -1;
	loops->devices[i] = 0;
	if (source_file_fd(source) < 0)
		return 0;
	fd = open_again(source, read_only ? O_RDONLY : O_RDWR);
	loops->files[i] = open_again(source, O_RDONLY);
	if (fd < 0)
		return error_sys(err, fd, "cannot open '%s' again", source->name);
	req.fd = fd;
	r = loop_attach_fd(&req, &device, &loops->fds[i], err);
	if (r == 0)
		r = loops_measure(loops, i, err);
	if (r < 0) {
		closep(&loops->fds[i]);
		closep(&loops->files[i]);
	}
	return r;
}

static int loops_grow(struct dm_loops *loops, const struct dm_segment *s, struct error **err)
{
	uint32_t i = s->source;

	if (!loops->devices[i] || s->host_offset + s->length <= loops->sizes[i])
		return 0;
	if (ioctl(loops->fds[i], LOOP_SET_CAPACITY, 0) < 0)
		return error_sys(err, errno, "cannot grow a loop device");
	return loops_measure(loops, i, err);
}

int dm_loops_update(struct dm_loops *loops, const struct dm_map *map, bool read_only,
		    struct error **err)
{
	int r = 0;

	while (loops->n < map->n_sources && r == 0) {
		r = attach(loops, loops->n, map->sources[loops->n], read_only, err);
		loops->n += r == 0;
	}
	for (size_t i = 0; i < map->n && r == 0; i++)
		r = loops_grow(loops, map->segments + i, err);
	return r;
}

void dm_loops_write_out(const struct dm_loops *loops)
{
	for (uint32_t i = 0; i < loops->n; i++) {
		if (loops->files[i] >= 0 && fdatasync(loops->files[i]) < 0)
			msg(MSG_DEBUG, "cannot write out: %s", strerror(errno));
	}
}

void dm_loops_release(struct dm_loops *loops)
{
	for (uint32_t i = 0; i < loops->n; i++) {
		closep(&loops->fds[i]);
		closep(&loops->files[i]);
	}
	loops->n = 0;
}
