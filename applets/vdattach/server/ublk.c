// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/server/ublk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "applets/lib/modreq.h"
#include "applets/vdattach/server/pidfd.h"
#include "applets/vdattach/server/uring.h"
#include "common/msg.h"

#define CONTROL "/dev/ublk-control"
/* How long an answer is waited for, in milliseconds. One that reads the disk may need more. */
#define PROBE_MS   4000
#define COMMAND_MS 10000
#define START_MS   60000
#define STOP_MS	   60000
#define SHORT_MS   3000

/* of the driver, to take back all that a dead worker had */
#define RECOVER_MS 60000

/* One discard may free much; zeros may have to be written, and others wait meanwhile. */
#define DISCARD_SECTORS (256u * 1024u * 2u)
#define ZEROES_SECTORS	(4u * 1024u * 2u)
#define DISCARD_GRAIN	4096u

static int ublk_open_control(struct error **err)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);

	if (fd < 0 && (errno == ENOENT || errno == ENODEV)) {
		module_request("ublk_drv");
		fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	}
	if (fd < 0 && (errno == ENOENT || errno == ENODEV))
		return error_make(err, EOPNOTSUPP, "ublk_drv is not available");
	return fd < 0 ? error_sys(err, errno, "cannot open '%s'", CONTROL) : fd;
}

static int command(const struct vd_server *srv, uint32_t op, void *buf, size_t n, uint64_t data)
{
	const struct ublk_patience usual = { .limit = COMMAND_MS, .worker = -1 };

	return ublk_command(srv, op, buf, n, data, &usual);
}

/*
 * Whether the driver has done with a dead worker when it says so: see ublk_settle(). 1, 0, or
 * -ETIMEDOUT: there is no answer at all.
 */
static int is_exact(int control)
{
	const struct vd_server srv = { .kernel_fd = control, .index = UINT32_MAX };
	const struct ublk_patience patience = { .limit = PROBE_MS, .worker = -1 };
	uint64_t features = 0;
	int r = ublk_command(&srv, UBLK_GET_FEATURES, &features, sizeof(features), 0, &patience);

	return r == -ETIMEDOUT ? r : r == 0 && (features & UBLK_FLAGS_EXACT);
}

static int ublk_probe(struct error **err)
{
	_cleanup_uring_ struct uring uring = { .fd = -1 };
	_cleanup_close_ int fd = ublk_open_control(err);
	int r;

	if (fd < 0)
		return fd;
	r = uring_open(&uring, 1, true, err);
	if (r < 0)
		return r;
	r = is_exact(fd);
	if (r < 0)
		return error_make(err, EOPNOTSUPP, "ublk: its driver does not answer");
	if (r == 0 && !ublk_can_settle())
		return error_make(
			err, EOPNOTSUPP,
			"ublk: this kernel's threads cannot be seen in /proc, and without "
			"that no server can be replaced safely");
	return 0;
}

void ublk_fill_params(const struct vd_server *srv, uint32_t max_io, struct ublk_params *ret)
{
	bool big = srv->sector_size > 512;

	*ret = (struct ublk_params){
		.len = sizeof(*ret),
		.types = UBLK_PARAM_TYPE_BASIC,
		.basic = {
			/* no FUA: the block layer makes it write and flush, which dm needs */
			.attrs = UBLK_ATTR_VOLATILE_CACHE |
				 (srv->read_only ? UBLK_ATTR_READ_ONLY : 0),
			.logical_bs_shift = big ? 12 : 9,
			.physical_bs_shift = 12,
			.io_min_shift = 12,
			.io_opt_shift = 12,
			.max_sectors = max_io / 512,
			.dev_sectors = (big ? srv->size & ~(uint64_t)4095 : srv->size) / 512,
		},
	};
	if (!srv->discard || srv->read_only)
		return;
	ret->types |= UBLK_PARAM_TYPE_DISCARD;
	ret->discard = (struct ublk_param_discard){
		.discard_granularity = DISCARD_GRAIN,
		.max_discard_sectors = DISCARD_SECTORS,
		.max_write_zeroes_sectors = ZEROES_SECTORS,
		.max_discard_segments = 1,
	};
}

static int ublk_add_device(struct vd_server *srv, struct ublksrv_ctrl_dev_info *info,
			   struct error **err)
{
	int r;

	*info = (struct ublksrv_ctrl_dev_info){
		.nr_hw_queues = 1,
		.queue_depth = UBLK_DEPTH,
		.max_io_buf_bytes = UBLK_BUFFER,
		.dev_id = UINT32_MAX,
		.ublksrv_pid = -1,
		/* the driver clears those that it does not know */
		.flags = UBLK_F_USER_RECOVERY | UBLK_F_USER_RECOVERY_REISSUE |
			 UBLK_FLAG_IOCTL_ENCODE | (srv->partscan ? 0 : UBLK_FLAG_NO_PARTITION_SCAN),
	};
	srv->index = UINT32_MAX;
	r = command(srv, UBLK_CONTROL(UBLK_CMD_ADD_DEV), info, sizeof(*info), 0);
	if (r < 0)
		return error_sys(err, r, "cannot add a ublk device");
	srv->index = info->dev_id;
	return asprintf(&srv->devpath, "/dev/ublkb%u", srv->index) < 0 ? -ENOMEM : 0;
}

static void ublk_destroy(struct vd_server *srv)
{
	const struct ublk_patience patience = { .limit = SHORT_MS, .worker = -1 };

	if (srv->kernel_fd < 0)
		return;
	if (srv->index != UINT32_MAX &&
	    ublk_command(srv, UBLK_DEL_DEV_ASYNC, NULL, 0, 0, &patience) == -EOPNOTSUPP)
		command(srv, UBLK_CONTROL(UBLK_CMD_DEL_DEV), NULL, 0, 0);
	close(srv->kernel_fd);
	srv->kernel_fd = -1;
	free(srv->devpath);
	srv->devpath = NULL;
}

static int ublk_create(struct vd_server *srv, struct error **err)
{
	struct ublksrv_ctrl_dev_info info;
	struct ublk_params params;
	int r;

	srv->kernel_fd = ublk_open_control(err);
	if (srv->kernel_fd < 0)
		return srv->kernel_fd;
	r = ublk_add_device(srv, &info, err);
	if (r == 0) {
		ublk_fill_params(srv, info.max_io_buf_bytes, &params);
		r = command(srv, UBLK_CONTROL(UBLK_CMD_SET_PARAMS), &params, sizeof(params), 0);
		if (r < 0)
			error_sys(err, r, "cannot describe %s", srv->devpath);
	}
	if (r < 0)
		ublk_destroy(srv);
	return r;
}

static int get_info(const struct vd_server *srv, struct ublksrv_ctrl_dev_info *ret,
		    struct error **err)
{
	int r = command(srv, UBLK_CONTROL_GET(UBLK_CMD_GET_DEV_INFO), ret, sizeof(*ret), 0);

	return r < 0 ? error_sys(err, r, "cannot ask for ublk device %u", srv->index) : 0;
}

struct start {
	const struct vd_server *srv;
	int pid, result;
	struct ublk_patience patience;
	sem_t done;
};

/* A thread of its own: its end lets go of the worker. It may take long, nobody waits for it. */
static void *start_guarded(void *arg)
{
	struct start *start = arg;
	int r = ublk_guard(start->pid);

	if (r == 0)
		start->patience.guarded = start->pid;
	else if (r != -ECHILD)
		msg(MSG_DEBUG, "ublk: the worker may end at any moment: %s", strerror(-r));
	if (r != -ECHILD)
		r = ublk_command(start->srv, UBLK_CONTROL(UBLK_CMD_START_DEV), NULL, 0,
				 (uint64_t)start->pid, &start->patience);
	start->result = r;
	sem_post(&start->done);
	return NULL;
}

static int start_new(const struct vd_server *srv, int pid, const struct ublk_patience *patience)
{
	struct start start = { .srv = srv, .pid = pid, .patience = *patience };
	pthread_t thread;
	int r;

	sem_init(&start.done, 0, 0);
	r = pthread_create(&thread, NULL, start_guarded, &start);
	if (r)
		return -r;
	pthread_detach(thread);
	while (sem_wait(&start.done) < 0)
		;
	return start.result;
}

/*
 * START_DEV reads the partition table before it returns: the worker serves by now. When it is
 * killed meanwhile the driver cannot be helped (Linux 6.12: the command holds the lock that all
 * others on that device wait for). Before it has fetched its first request both commands wait for
 * it. One that is dead already must not be asked for.
 */
static int ublk_start(struct vd_server *srv, int pid, bool again, struct error **err)
{
	const uint32_t again_op = UBLK_CONTROL(UBLK_CMD_END_USER_RECOVERY);
	struct ublk_patience patience = { .limit = START_MS, .worker = pidfd_of(pid) };
	int r = -ECHILD;

	if (patience.worker >= 0 && again)
		r = ublk_command(srv, again_op, NULL, 0, (uint64_t)pid, &patience);
	else if (patience.worker >= 0)
		r = start_new(srv, pid, &patience);
	closep(&patience.worker);
	if (r == 0 && !again)
		vd_server_unschedule(srv->devpath);
	return r < 0 ? error_sys(err, r, "cannot %s %s", again ? "continue with" : "start",
				 srv->devpath)
		     : 0;
}

/* 0 when the dead worker has nothing of the device any more, and the driver has noticed. */
static int is_left(const struct vd_server *srv)
{
	struct ublksrv_ctrl_dev_info info;
	char path[32];
	int fd, r = get_info(srv, &info, NULL);

	if (r < 0)
		return r;
	if (info.state == UBLK_S_DEV_LIVE)
		return -EBUSY;
	snprintf(path, sizeof(path), "/dev/ublkc%u", srv->index);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return ublk_settle();
}

/*
 * The driver answers -EBUSY until it has taken back all that the dead worker had; nothing tells
 * when. -EINVAL: that was done already, for a worker that was killed before it fetched anything.
 */
static int ublk_recover(struct vd_server *srv, struct error **err)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int64_t end = ublk_now_ms() + RECOVER_MS;
	int exact = is_exact(srv->kernel_fd), r = MIN(exact, 0);

	if (r == 0)
		r = -EBUSY;
	while (r == -EBUSY && ublk_now_ms() < end) {
		r = exact ? 0 : is_left(srv);
		if (r == 0)
			r = command(srv, UBLK_CONTROL(UBLK_CMD_START_USER_RECOVERY), NULL, 0, 0);
		if (r == -EBUSY)
			nanosleep(&pause, NULL);
		pause.tv_nsec = MIN(pause.tv_nsec * 2, 100000000);
	}
	return r < 0 && r != -EINVAL ? error_sys(err, r, "cannot recover %s", srv->devpath) : 0;
}

/*
 * A worker that was killed between its first fetch and END_USER_RECOVERY leaves a device that no
 * other can fetch from; it is recovered once more then.
 */
static int server_ublk_serve(struct vd_server *srv, struct backend *backend, struct error **err)
{
	struct ublksrv_ctrl_dev_info info;
	int r = get_info(srv, &info, err);

	if (r == 0 && info.state == UBLK_S_DEV_QUIESCED)
		r = ublk_recover(srv, err);
	return r < 0 ? r : ublk_serve(srv, &info, backend, err);
}

/*
 * Whoever mounts the disk or a partition of it holds it exclusively, and so do dm, md, swap. The
 * descriptor keeps others from doing so meanwhile. What lies in the device's page cache was written
 * out by the caller: STOP_DEV drops it.
 */
static int ublk_stop(struct vd_server *srv, struct error **err)
{
	const struct ublk_patience patience = { .limit = STOP_MS, .worker = -1 };
	_cleanup_close_ int fd = open(srv->devpath, O_RDONLY | O_EXCL | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == EBUSY)
		return error_make(err, EBUSY, "%s is in use: unmount it first", srv->devpath);
	r = ublk_command(srv, UBLK_CONTROL(UBLK_CMD_STOP_DEV), NULL, 0, 0, &patience);
	return r < 0 ? error_sys(err, r, "cannot stop %s", srv->devpath) : 0;
}

const struct vd_server_ops vd_server_ublk = {
	.name = "ublk",
	.probe = ublk_probe,
	.create = ublk_create,
	.serve = server_ublk_serve,
	.start = ublk_start,
	.recover = ublk_recover,
	.stop = ublk_stop,
	.destroy = ublk_destroy,
};
