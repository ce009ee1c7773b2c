// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "applets/findimg/candidate.h"
#include "applets/findimg/filesystem/mount.h"
#include "applets/findimg/filesystem/pathfind.h"
#include "applets/findimg/filesystem/roguard.h"
#include "applets/lib/dmhost.h"
#include "applets/lib/loopdev.h"
#include "applets/lib/state.h"
#include "common/msg.h"

static int record(const struct request *rq, const char *kind, const char *what, struct error **err)
{
	int r = state_push(rq->state, "%s %s", kind, what);

	if (r < 0)
		return error_sys(err, r, "cannot record '%s %s' in '%s'", kind, what, rq->state);
	return 0;
}

static int use_mounted(const struct candidate *c, const struct request *rq, struct error **err)
{
	int r;

	if (strcmp(c->mounted.place, rq->mountpoint) == 0)
		return 0;
	r = fs_bind(c->mounted.place, rq->mountpoint, !rq->write, err);
	return r < 0 ? r : record(rq, "mount", rq->mountpoint, err);
}

/*
 * Below a hibernated Windows nothing may change, whatever the driver thinks of a read-only mount:
 * the guard's loop device stays in between, and is the caller's in *ret_loop.
 */
static int mount_read_only(const struct candidate *c, const struct request *rq, char **ret_loop,
			   struct error **err)
{
	const struct fs_type *type = fs_type_find(c->fs.type);
	_cleanup_guard_ struct roguard guard = { 0 };
	struct roguard *others = NULL;
	int r;

	r = roguard_raise(&guard, c->dev.path, c->windows == WINDOWS_HIBERNATED, err);
	if (r == 0)
		r = devices_hold(&c->devices, &others, err);
	if (r == 0)
		r = fs_mount(roguard_source(&guard), rq->mountpoint, type, MOUNT_LOOK,
			     devices_data(&c->devices), err);
	devices_release(&c->devices, others);
	if (r == 0)
		*ret_loop = steal_ptr(&guard.loop);
	return r;
}

/* A driver may give a read-only mount where writing was asked for: ntfs-3g, iso9660. */
static int check_mounted(const struct candidate *c, const struct request *rq, struct error **err)
{
	struct statvfs st;
	int fd;

	if (rq->write && (statvfs(rq->mountpoint, &st) < 0 || (st.f_flag & ST_RDONLY)))
		return error_make(err, EROFS, "it can only be read");
	if (!c->file)
		return 0;
	fd = path_open_below(rq->mountpoint, c->file);
	if (fd < 0)
		return error_sys(err, fd, "'%s' is gone now that it is mounted", c->file);
	close(fd);
	return 0;
}

/* What carries the mount besides the device. */
struct carrier {
	char *loop, *wrapper; /* NULL = none; owned */
};

static void carrier_release(struct carrier *carrier)
{
	free(carrier->loop);
	free(carrier->wrapper);
}

static void carrier_remove(const struct carrier *carrier)
{
	if (carrier->loop)
		(void)!loop_detach(carrier->loop, NULL);
	if (carrier->wrapper)
		(void)!dm_host_unwrap(carrier->wrapper, NULL);
}

/* Without a wrapper the exporter direct is not possible, and all else is. */
static void wrap(const struct candidate *c, char **ret_wrapper)
{
	_cleanup_error_ struct error *err = NULL;

	if (dm_host_knows(c->fs.type) && dm_host_wrap(c->dev.path, ret_wrapper, &err) < 0)
		msg(MSG_WARNING, "%s is mounted without a wrapper: %s", c->dev.path,
		    error_msg(err));
}

static int mount_to_write(const struct candidate *c, const struct request *rq, char **ret_wrapper,
			  struct error **err)
{
	if (rq->wrap)
		wrap(c, ret_wrapper);
	return fs_mount(*ret_wrapper ? *ret_wrapper : c->dev.path, rq->mountpoint,
			fs_type_find(c->fs.type), MOUNT_WRITE, devices_data(&c->devices), err);
}

static int record_all(const struct candidate *c, const struct request *rq,
		      const struct carrier *carrier, struct error **err)
{
	int r = record(rq, "device", c->dev.path, err);

	for (size_t i = 0; i < c->devices.count && r == 0; i++)
		r = record(rq, "device", c->devices.others[i].path, err);
	if (r == 0 && carrier->loop)
		r = record(rq, "loop", carrier->loop, err);
	if (r == 0 && carrier->wrapper)
		r = record(rq, "wrapper", carrier->wrapper, err);
	return r < 0 ? r : record(rq, "mount", rq->mountpoint, err);
}

static int mount_winner(const struct candidate *c, const struct request *rq, struct error **err)
{
	_cleanup_(carrier_release) struct carrier carrier = { .loop = NULL };
	int r;

	if (rq->write)
		r = mount_to_write(c, rq, &carrier.wrapper, err);
	else
		r = mount_read_only(c, rq, &carrier.loop, err);
	if (r < 0) {
		carrier_remove(&carrier);
		return r;
	}
	r = check_mounted(c, rq, err);
	if (r == 0)
		r = record_all(c, rq, &carrier, err);
	if (r == 0)
		return 0;
	(void)!fs_unmount(rq->mountpoint, NULL);
	carrier_remove(&carrier);
	return r;
}

int candidate_take(const struct candidate *c, const struct request *rq, struct error **err)
{
	int r = rq->dry_run || c->is_mounted ? 0 : devices_scan(&c->devices, c->dev.path, err);

	if (r < 0)
		return r;
	if (!rq->mountpoint || rq->dry_run)
		return 0;
	r = c->is_mounted ? use_mounted(c, rq, err) : mount_winner(c, rq, err);
	return r < 0 ? error_wrap(err, "'%s'", c->dev.path) : 0;
}
