// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "applets/lib/dm.h"
#include "applets/lib/dmhost.h"
#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/source/sysfs.h"
#include "common/msg.h"

enum { UUID_SIZE = 129, SLAVES_MAX = 64, LOCK_TRIES = 100, LOCK_PAUSE_NS = 50 * 1000 * 1000 };

/* On the device below, in sectors. */
struct guard_range {
	uint64_t start, length;
};

struct guard {
	int control;
	dev_t device;
	uint64_t sectors;
	char wrapper[DM_NAME_SIZE]; /* "" = there is none */
	bool read_only;
	struct guard_range *ranges;
	size_t n, room;
	struct error *err;
};

static int guard_add(void *arg, const struct dm_linear *linear)
{
	struct guard *guard = arg;

	if (linear->device != guard->device)
		return 0;
	if (guard->n == guard->room) {
		size_t room = guard->room ? 2 * guard->room : 64;
		struct guard_range *ranges =
			reallocarray(guard->ranges, room, sizeof(*guard->ranges));

		if (!ranges)
			return -ENOMEM;
		guard->ranges = ranges;
		guard->room = room;
	}
	guard->ranges[guard->n++] = (struct guard_range){ linear->offset, linear->length };
	return 0;
}

static int guard_visit(const char *holder, void *arg)
{
	struct guard *guard = arg;
	char name[DM_NAME_SIZE], uuid[UUID_SIZE];
	uint64_t ro = 0;
	int r = sysfs_read(holder, "dm/uuid", uuid, sizeof(uuid));

	if (r >= 0)
		r = sysfs_read(holder, "dm/name", name, sizeof(name));
	/* no mapped device, or one that is being removed; whatever else fails may hide one of ours
	 */
	if (r < 0)
		return r == -ENOENT || r == -ENODEV || r == -EINVAL ? 0 : r;
	if (strncmp(uuid, DM_HOST_PREFIX, strlen(DM_HOST_PREFIX)) == 0) {
		snprintf(guard->wrapper, sizeof(guard->wrapper), "%s", name);
		guard->read_only = sysfs_read_u64(holder, "ro", &ro) == 0 && ro;
		return 0;
	}
	if (dm_disk_is_ours(holder))
		r = dm_read_table(guard->control, name, guard_add, guard, &guard->err);
	return r == -ENXIO ? 0 : r; /* it has been removed meanwhile */
}

static int compare_ranges(const void *a, const void *b)
{
	const struct guard_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static int guard_load(struct guard *guard, struct error **err)
{
	_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
	uint64_t offset = 0;
	bool fits = dm_table_new(2 * guard->n + 1, &table) == 0;

	if (guard->n)
		qsort(guard->ranges, guard->n, sizeof(*guard->ranges), compare_ranges);
	for (size_t i = 0; i < guard->n && fits; i++) {
		const struct guard_range *range = guard->ranges + i;

		if (range->start < offset || range->length > guard->sectors ||
		    range->start > guard->sectors - range->length)
			return error_make(err, EBUSY, "two disks have the same blocks");
		if (range->start > offset)
			fits = dm_table_linear(&table, offset, range->start - offset, guard->device,
					       offset);
		fits = fits && dm_table_error(&table, range->start, range->length);
		offset = range->start + range->length;
	}
	if (fits && offset < guard->sectors)
		fits = dm_table_linear(&table, offset, guard->sectors - offset, guard->device,
				       offset);
	if (!fits)
		return error_no_memory(err);
	return dm_swap(guard->control, guard->wrapper, &table, guard->read_only, err);
}

static int guard_collect(const char *device, struct guard *guard, struct error **err)
{
	char text[32];
	int r = sysfs_read(device, "dev", text, sizeof(text));

	if (r == 0)
		r = parse_devnum(text, &guard->device);
	if (r == 0)
		r = sysfs_read_u64(device, "size", &guard->sectors);
	if (r == 0)
		r = dm_disk_each(device, "holders", guard_visit, guard);
	if (r == 0)
		return 0;
	return guard->err ? error_move(err, steal_ptr(&guard->err))
			  : error_sys(err, r, "cannot list what is made of '/dev/%s'", device);
}

/*
 * Until control is closed. Two that come at the same time would each load what they saw before the
 * other had its disk.
 */
static int guard_lock(int control, struct error **err)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	int r = -EWOULDBLOCK;

	for (int i = 0; i < LOCK_TRIES && r == -EWOULDBLOCK; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		r = flock(control, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	}
	return r < 0 ? error_sys(err, r, "another vdattach is changing it") : 0;
}

static int guard_refresh(struct guard *guard, const char *device, bool required, struct error **err)
{
	int r = guard_lock(guard->control, err);

	if (r == 0)
		r = guard_collect(device, guard, err);
	if (r < 0)
		return r;
	if (*guard->wrapper)
		return guard_load(guard, err);
	return required ? error_make(err, ENODEV, "there is no wrapper") : 0;
}

int dm_guard_refresh(const char *device, bool required, struct error **err)
{
	struct guard guard = { .control = dm_open(err) };
	char text[32];
	int r;

	/* a drive that was pulled has no wrapper either */
	if (!required && guard.control >= 0 && sysfs_read(device, "dev", text, sizeof(text)) < 0) {
		closep(&guard.control);
		return 0;
	}
	r = guard.control < 0 ? guard.control : guard_refresh(&guard, device, required, err);
	error_release(&guard.err);
	free(guard.ranges);
	closep(&guard.control);
	return r < 0 ? error_wrap(err, "guard of '/dev/%s'", device) : 0;
}

struct slaves {
	char names[SLAVES_MAX][32];
	size_t n;
};

static int add_slave(const char *name, void *arg)
{
	struct slaves *slaves = arg;

	if (slaves->n < SLAVES_MAX && strncmp(name, "loop", 4) != 0)
		snprintf(slaves->names[slaves->n++], sizeof(slaves->names[0]), "%.31s", name);
	return 0;
}

int dm_guard_remove(const char *disk, struct error **err)
{
	struct slaves slaves = { .n = 0 };
	int r;

	r = dm_disk_each(disk, "slaves", add_slave, &slaves);
	r = r < 0 ? error_sys(err, r, "cannot list what '/dev/%s' is made of", disk)
		  : dm_disk_remove(disk, err);
	for (size_t i = 0; i < slaves.n && r == 0; i++)
		r = dm_guard_refresh(slaves.names[i], false, err);
	return r;
}
