// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm-loops.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "applets/lib/loopdev.h"

static int measure(struct dm_loops *loops, uint32_t i, struct error **err)
{
	struct stat st;

	if (fstat(loops->fds[i], &st) < 0 ||
	    ioctl(loops->fds[i], BLKGETSIZE64, &loops->sizes[i]) < 0)
		return error_sys(err, errno, "size of a loop device");
	loops->devices[i] = st.st_rdev;
	return 0;
}

static int attach(struct dm_loops *loops, uint32_t i, struct source *source, bool read_only,
		  struct error **err)
{
	struct loop_request req = { .path = source->name,
				    .fd = source_file_fd(source),
				    .block_size = VD_SECTOR,
				    .read_only = read_only,
				    .autoclear = true };
	_cleanup_free_ char *device = NULL;
	int r;

	loops->fds[i] = -1;
	loops->devices[i] = 0;
	if (req.fd < 0)
		return 0;
	r = loop_attach_fd(&req, &device, &loops->fds[i], err);
	return r == 0 ? measure(loops, i, err) : r;
}

static int grow(struct dm_loops *loops, const struct dm_segment *s, struct error **err)
{
	uint32_t i = s->source;

	if (!loops->devices[i] || s->host_offset + s->length <= loops->sizes[i])
		return 0;
	if (ioctl(loops->fds[i], LOOP_SET_CAPACITY, 0) < 0)
		return error_sys(err, errno, "grow a loop device");
	return measure(loops, i, err);
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
		r = grow(loops, map->segments + i, err);
	return r;
}

void dm_loops_release(struct dm_loops *loops)
{
	for (uint32_t i = 0; i < loops->n; i++) {
		if (loops->fds[i] >= 0)
			close(loops->fds[i]);
	}
	loops->n = 0;
}
