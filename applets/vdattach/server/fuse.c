// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/server/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "applets/lib/loopdev.h"
#include "applets/lib/modreq.h"
#include "applets/vdattach/server/awake.h"

#define DEVICE "/dev/fuse"

struct fuse_state {
	struct fuse_pending *pending;
	int mount; /* supervisor, until the loop device holds it; or -1 */
};

static int open_device(struct error **err)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO)) {
		module_request("fuse");
		fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	}
	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return error_make(err, EOPNOTSUPP, "fuse is not available (module fuse)");
	return fd < 0 ? error_sys(err, errno, "cannot open '%s'", DEVICE) : fd;
}

static int fuse_probe(struct error **err)
{
	_cleanup_close_ int fd = open_device(err);

	return MIN(fd, 0);
}

static int set(int context, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0);
}

/* A mount of a file, in no namespace. Returns its descriptor. */
static int mount_detached(const struct vd_server *srv, struct error **err)
{
	_cleanup_close_ int context = (int)syscall(SYS_fsopen, "fuse", FSOPEN_CLOEXEC);
	char device[16];
	int r;

	snprintf(device, sizeof(device), "%d", srv->kernel_fd);
	if (context < 0 || set(context, "source", "vdattach") < 0 ||
	    set(context, "fd", device) < 0 || set(context, "rootmode", "100600") < 0 ||
	    set(context, "user_id", "0") < 0 || set(context, "group_id", "0") < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, errno, "cannot make a FUSE file system");
	r = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	return r < 0 ? error_sys(err, errno, "cannot mount a FUSE file system") : r;
}

static void fuse_destroy(struct vd_server *srv)
{
	struct fuse_state *state = srv->state;

	if (state) {
		closep(&state->mount);
		if (state->pending)
			munmap(state->pending, sizeof(*state->pending));
		free(state);
	}
	srv->state = NULL;
	closep(&srv->kernel_fd);
	srv->kernel_fd = -1;
	free(srv->devpath);
	srv->devpath = NULL;
}

static int fuse_make_state(struct vd_server *srv, struct error **err)
{
	struct fuse_state *state = calloc(1, sizeof(*state));
	int r = -ENOMEM;

	srv->state = state;
	if (state) {
		state->mount = -1;
		r = fuse_pending_map(srv->memory_fd, &state->pending);
	}
	return r < 0 ? error_sys(err, r, "fuse") : 0;
}

static int fuse_create(struct vd_server *srv, struct error **err)
{
	struct fuse_state *state;
	int r = fuse_make_state(srv, err);

	state = srv->state;
	if (r == 0)
		r = srv->kernel_fd = open_device(err);
	if (r >= 0)
		r = state->mount = mount_detached(srv, err);
	if (r < 0)
		fuse_destroy(srv);
	return MIN(r, 0);
}

static int server_fuse_serve(struct vd_server *srv, struct backend *backend, struct error **err)
{
	struct fuse_state *state = srv->state;
	int r = awake_start(err);

	if (r < 0)
		return r;
	closep(&state->mount);
	if (write(srv->ready_fd, "", 1) != 1)
		return error_sys(err, errno, "cannot report that requests are answered");
	return fuse_serve(srv, srv->kernel_fd, state->pending, backend, err);
}

/* Whoever has the same memory finds the loop device by it. */
static int name_loop(const struct vd_server *srv, char *name, size_t size)
{
	struct stat st;

	if (fstat(srv->memory_fd, &st) < 0)
		return -errno;
	snprintf(name, size, "vdattach-%llu", (unsigned long long)st.st_ino);
	return 0;
}

static int attach_loop(struct vd_server *srv, int file, struct error **err)
{
	char name[32];
	const struct loop_request req = {
		.path = name,
		.fd = file,
		.size = srv->size,
		.block_size = srv->sector_size,
		.read_only = srv->read_only,
		.partscan = srv->partscan,
		.direct_io = true,
	};
	struct stat st;

	/* the kernel learns the file's size */
	if (fstat(file, &st) < 0 || name_loop(srv, name, sizeof(name)) < 0)
		return error_sys(err, errno, "fuse");
	return loop_attach(&req, &srv->devpath, err);
}

static int fuse_start(struct vd_server *srv, int pid, bool again, struct error **err)
{
	struct fuse_state *state = srv->state;
	_cleanup_close_ int file = -1;
	char path[32];
	int r;

	if (again)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", state->mount);
	file = open(path, (srv->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	r = file < 0 ? error_sys(err, errno, "cannot open the file of FUSE")
		     : attach_loop(srv, file, err);
	closep(&state->mount);
	state->mount = -1;
	return r;
}

/* 0, too, where it is gone: its last user may have been told to detach it by somebody else */
static int detach_ours(struct vd_server *srv, struct error **err)
{
	_cleanup_free_ char *device = NULL;
	char name[32];
	int r = name_loop(srv, name, sizeof(name));

	if (r < 0)
		return error_make(err, r, "fuse");
	if (loop_find(name, &device) < 0)
		return 0;
	r = loop_detach(device, err);
	if (r != -ENXIO)
		return r;
	error_release(err);
	return 0;
}

static void fuse_clear(struct vd_server *srv)
{
	(void)!detach_ours(srv, NULL);
}

/* The kernel gives up what nobody can answer any more. */
static void fuse_abort(struct vd_server *srv)
{
	int fd = srv->kernel_fd;

	srv->kernel_fd = -1;
	closep(&fd);
}

/* /dev/fuse is open here too, so requests wait; the one that the dead worker had is in memory. */
static int fuse_recover(struct vd_server *srv, struct error **err)
{
	(void)srv;
	(void)err;
	return 0;
}

/* The mount goes with the loop device, and the worker's read with it. */
static int fuse_stop(struct vd_server *srv, struct error **err)
{
	return srv->devpath ? detach_ours(srv, err) : 0;
}

const struct vd_server_ops vd_server_fuse = {
	.name = "fuse",
	.probe = fuse_probe,
	.create = fuse_create,
	.serve = server_fuse_serve,
	.start = fuse_start,
	.abort = fuse_abort,
	.clear = fuse_clear,
	.recover = fuse_recover,
	.adopt = fuse_make_state,
	.stop = fuse_stop,
	.destroy = fuse_destroy,
};
