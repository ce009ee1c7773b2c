// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands to ublk's driver. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "applets/vdattach/server/pidfd.h"
#include "applets/vdattach/server/ublk.h"
#include "applets/vdattach/server/uring.h"

/* after the end of the worker that it needs, in milliseconds */
#define GIVE_UP_MS 3000
#define STEP_MS	   50

int64_t ublk_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One that waits for an answer. */
struct wait {
	const struct ublk_patience *patience;
	unsigned int index; /* of the device */
	int64_t end;
	bool dead; /* the worker is, or will be */
	bool held; /* by ublk_guard() */
};

static bool has_disk(unsigned int index)
{
	char path[48];

	snprintf(path, sizeof(path), "/sys/block/ublkb%u", index);
	return access(path, F_OK) == 0;
}

static void look_at_worker(struct wait *wait, int64_t now)
{
	const struct ublk_patience *patience = wait->patience;
	bool dead = wait->dead;

	if (!dead && patience->guarded)
		dead = wait->held = ublk_guard_look(patience->guarded);
	if (!dead && patience->worker >= 0)
		dead = pidfd_wait(patience->worker, 0);
	if (dead && !wait->dead)
		wait->end = MIN(wait->end, now + GIVE_UP_MS);
	wait->dead = dead;
	if (wait->held && has_disk(wait->index)) {
		ublk_guard_release(patience->guarded);
		wait->held = false;
	}
}

/*
 * Commands that wait for a worker that is dead, or for one of these, are never answered. The kernel
 * cancels what it can when the ring is closed.
 */
static int await_result(struct uring *uring, struct wait *wait, struct io_uring_cqe *ret)
{
	int r = 0;

	wait->end = ublk_now_ms() + wait->patience->limit;
	while (r == 0 && !uring_result(uring, ret)) {
		int64_t now = ublk_now_ms();

		if (now >= wait->end)
			return wait->dead ? -ECHILD : -ETIMEDOUT;
		look_at_worker(wait, now);
		r = uring_wait(uring, STEP_MS);
	}
	return r;
}

static int run_command(int fd, uint32_t op, const struct ublksrv_ctrl_cmd *cmd,
		       const struct ublk_patience *patience)
{
	_cleanup_uring_ struct uring uring = { .fd = -1 };
	struct wait wait = { .patience = patience, .index = cmd->dev_id };
	struct io_uring_cqe cqe = { .res = -EIO };
	struct io_uring_sqe *sqe;
	int r;

	r = uring_open(&uring, 1, true, NULL);
	if (r < 0)
		return r;
	sqe = uring_next(&uring);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = op;
	memcpy(sqe->cmd, cmd, sizeof(*cmd));
	/* at the last moment: the driver would send requests to commands that are gone */
	if (patience->worker >= 0 && pidfd_wait(patience->worker, 0))
		return -ECHILD;
	r = uring_enter(&uring, 0);
	if (r == 0)
		r = await_result(&uring, &wait, &cqe);
	return r < 0 ? r : cqe.res;
}

/* Kernels before 6.4 want the bare number. */
int ublk_command(const struct vd_server *srv, uint32_t op, void *buf, size_t n, uint64_t data,
		 const struct ublk_patience *patience)
{
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = srv->index,
		.queue_id = UINT16_MAX,
		.len = (uint16_t)n,
		.addr = (uintptr_t)buf,
		.data[0] = data,
	};
	int r = run_command(srv->kernel_fd, op, &cmd, patience);

	if (r == -EOPNOTSUPP || r == -EINVAL) {
		int old = run_command(srv->kernel_fd, _IOC_NR(op), &cmd, patience);

		/* a kernel that knows the encoded form may have dropped the other one */
		if (old != -EOPNOTSUPP)
			r = old;
	}
	return r;
}
