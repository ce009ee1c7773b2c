// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "applets/findimg/candidate.h"
#include "applets/findimg/fsmount.h"
#include "applets/findimg/pathfind.h"
#include "applets/findimg/roguard.h"
#include "applets/lib/msg.h"
#include "applets/lib/state.h"

static int record(const struct request *rq, const char *kind, const char *what, struct error **err)
{
	int code = state_push(rq->state, "%s %s", kind, what);

	if (code < 0)
		return error_sys(err, code, "cannot record '%s %s' in '%s'", kind, what, rq->state);
	return 0;
}

static int use_mounted(const struct candidate *c, const struct request *rq, struct error **err)
{
	int code;

	if (strcmp(c->mounted.place, rq->mountpoint) == 0)
		return 0;
	code = fs_bind(c->mounted.place, rq->mountpoint, !rq->write, err);
	return code < 0 ? code : record(rq, "mount", rq->mountpoint, err);
}

/*
 * Below a hibernated Windows nothing may change, whatever the driver thinks of a read-only mount:
 * the guard's loop device stays in between.
 */
static int mount_read_only(const struct candidate *c, const struct request *rq, struct error **err)
{
	const struct fs_type *type = fs_type_find(c->fs.type);
	bool keep = c->windows == WINDOWS_HIBERNATED;
	_cleanup_guard_ struct roguard guard = { 0 };
	int code;

	code = roguard_raise(&guard, c->dev.path, keep, err);
	if (code < 0)
		return code;
	code = fs_mount(roguard_source(&guard), rq->mountpoint, type, MOUNT_LOOK, err);
	if (code < 0)
		return code;
	if (guard.loop) {
		_cleanup_free_ char *loop = steal_ptr(&guard.loop);

		code = record(rq, "loop", loop, err);
	}
	return code;
}

static int is_still_there(const struct candidate *c, const struct request *rq, struct error **err)
{
	int fd;

	if (!c->file)
		return 0;
	fd = path_open_below(rq->mountpoint, c->file);
	if (fd < 0)
		return error_sys(err, fd, "'%s' is gone from '%s' now that it is mounted", c->file,
				 c->dev.path);
	close(fd);
	return 0;
}

static int mount_winner(const struct candidate *c, const struct request *rq, struct error **err)
{
	int code;

	if (rq->write)
		code = fs_mount(c->dev.path, rq->mountpoint, fs_type_find(c->fs.type), MOUNT_WRITE,
				err);
	else
		code = mount_read_only(c, rq, err);
	if (code < 0)
		return code;
	code = is_still_there(c, rq, err);
	if (code < 0)
		fs_unmount(rq->mountpoint, NULL);
	return code < 0 ? code : record(rq, "mount", rq->mountpoint, err);
}

int candidate_take(const struct candidate *c, const struct request *rq, struct error **err)
{
	int code;

	if (!rq->mountpoint || rq->dry_run)
		return 0;
	if (c->is_mounted)
		return use_mounted(c, rq, err);
	code = record(rq, "device", c->dev.path, err);
	if (code < 0)
		return code;
	code = mount_winner(c, rq, err);
	return code < 0 ? error_wrap(err, "'%s'", c->dev.path) : 0;
}
