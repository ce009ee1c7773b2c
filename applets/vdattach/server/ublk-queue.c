// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "applets/vdattach/server/awake.h"
#include "applets/vdattach/server/ublk.h"
#include "applets/vdattach/server/uring.h"
#include "common/msg.h"

/* results are given back in groups of this size at most: the first does not wait for the last */
#define GROUP 8u

struct queue {
	struct backend *backend;
	struct uring uring;
	int fd;					/* /dev/ublkcN */
	const struct ublksrv_io_desc *requests; /* one for each tag; the driver writes them */
	size_t requests_size;
	uint8_t *buffers;
	size_t buffer_size;
	unsigned int depth, live; /* live: tags that the driver has not called off */
	uint32_t fetch, commit;	  /* the two commands */
};

static enum backend_op operation(uint8_t op)
{
	switch (op) {
	case UBLK_IO_OP_READ:
		return BACKEND_READ;
	case UBLK_IO_OP_WRITE:
		return BACKEND_WRITE;
	case UBLK_IO_OP_FLUSH:
		return BACKEND_FLUSH;
	case UBLK_IO_OP_DISCARD:
		return BACKEND_DISCARD;
	case UBLK_IO_OP_WRITE_ZEROES:
		return BACKEND_WRITE_ZEROES;
	default:
		return (enum backend_op) - 1; /* answered with -EOPNOTSUPP */
	}
}

/* Returns what the driver wants to hear: bytes done, or -errno. */
static int ublk_queue_answer(struct queue *q, unsigned int tag)
{
	const struct ublksrv_io_desc *req = q->requests + tag;
	enum backend_op op = operation(ublksrv_get_op(req));
	uint64_t n = (uint64_t)req->nr_sectors * 512;
	int r;

	if (n > q->buffer_size && (op == BACKEND_READ || op == BACKEND_WRITE))
		return -EIO;
	r = backend_request(q->backend, op, q->buffers + tag * q->buffer_size, n,
			    req->start_sector * 512, req->op_flags & UBLK_IO_F_FUA);
	return r < 0 || (op != BACKEND_READ && op != BACKEND_WRITE) ? r : (int)n;
}

static void submit(struct queue *q, uint32_t command, unsigned int tag, int result)
{
	struct io_uring_sqe *sqe = uring_next(&q->uring);
	struct ublksrv_io_cmd cmd = {
		.tag = (uint16_t)tag,
		.result = result,
		.addr = (uintptr_t)(q->buffers + tag * q->buffer_size),
	};

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = q->fd;
	sqe->cmd_op = command;
	sqe->user_data = tag;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
}

/* One result of the ring: a request, or the end of this tag. 0 or -errno. */
static int ublk_queue_take(struct queue *q, const struct io_uring_cqe *cqe)
{
	unsigned int tag = (unsigned int)cqe->user_data;

	if (cqe->res == UBLK_IO_RES_ABORT) {
		q->live--;
		return 0;
	}
	if (cqe->res != UBLK_IO_RES_OK)
		return cqe->res < 0 ? cqe->res : -EIO;
	submit(q, q->commit, tag, ublk_queue_answer(q, tag));
	return q->uring.pending < GROUP ? 0 : uring_enter(&q->uring, 0);
}

static int ublk_queue_run(struct queue *q, struct error **err)
{
	struct io_uring_cqe cqe = { .res = -EIO };
	int r = 0;

	while (q->live > 0 && r == 0) {
		r = uring_enter(&q->uring, 1);
		while (r == 0 && uring_result(&q->uring, &cqe))
			r = ublk_queue_take(q, &cqe);
	}
	return r < 0 ? error_sys(err, r, "requests of ublk") : 0;
}

/*
 * The driver asks whoever fetches requests for CAP_SYS_ADMIN, and looks for partitions only when it
 * trusts all of them (Linux 6.3). The disk under a device-mapper device must have no partitions of
 * its own, for both would be found by their UUID.
 */
static void set_trusted(bool yes)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return;
	if (yes)
		data[0].effective |= 1u << CAP_SYS_ADMIN;
	else
		data[0].effective &= ~(1u << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &header, data) < 0)
		msg(MSG_DEBUG, "capset: %s", strerror(errno));
}

/*
 * Gives all tags to the driver in one system call. Who is killed before it leaves no trace in the
 * driver, who is killed after it can be recovered from. That is why the requests are mapped later:
 * the driver remembers the first one who did that. Requests come after START_DEV, so what comes now
 * is a refusal.
 */
static int fetch_all(struct queue *q, bool partscan, struct error **err)
{
	struct io_uring_cqe refusal;
	int r;

	for (unsigned int tag = 0; tag < q->depth; tag++)
		submit(q, q->fetch, tag, 0);
	q->live = q->depth;
	if (!partscan)
		set_trusted(false);
	r = uring_enter(&q->uring, 0);
	if (!partscan)
		set_trusted(true);
	if (r == 0 && uring_result(&q->uring, &refusal))
		r = refusal.res;
	return r < 0 ? error_sys(err, r, "cannot fetch requests of ublk") : 0;
}

static int ublk_queue_allocate(struct queue *q, struct error **err)
{
	void *p = mmap(NULL, q->depth * q->buffer_size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return error_sys(err, errno, "%zu KiB of buffers",
				 q->depth * q->buffer_size / 1024);
	q->buffers = p;
	return uring_open(&q->uring, q->depth, false, err);
}

static int open_queue(struct queue *q, const struct vd_server *srv, struct error **err)
{
	char path[32];
	void *p;
	int r;

	snprintf(path, sizeof(path), "/dev/ublkc%u", srv->index);
	q->fd = open(path, O_RDWR | O_CLOEXEC);
	if (q->fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	r = fetch_all(q, srv->partscan, err);
	if (r < 0)
		return r;
	p = mmap(NULL, q->requests_size, PROT_READ, MAP_SHARED | MAP_POPULATE, q->fd,
		 UBLKSRV_CMD_BUF_OFFSET);
	if (p == MAP_FAILED)
		return error_sys(err, errno, "cannot map '%s'", path);
	q->requests = p;
	return 0;
}

static void close_queue(struct queue *q)
{
	uring_close(&q->uring);
	if (q->requests)
		munmap((void *)(uintptr_t)q->requests, q->requests_size);
	if (q->buffers)
		munmap(q->buffers, q->depth * q->buffer_size);
	if (q->fd >= 0)
		close(q->fd);
}

static void init_queue(struct queue *q, const struct ublksrv_ctrl_dev_info *info,
		       struct backend *backend)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	bool encoded = info->flags & UBLK_FLAG_IOCTL_ENCODE;

	*q = (struct queue){ .backend = backend, .uring = { .fd = -1 }, .fd = -1 };
	q->depth = info->queue_depth;
	q->buffer_size = info->max_io_buf_bytes;
	q->requests_size = (q->depth * sizeof(*q->requests) + page - 1) & ~(page - 1);
	q->fetch = encoded ? UBLK_REQUEST(UBLK_IO_FETCH_REQ) : UBLK_IO_FETCH_REQ;
	q->commit =
		encoded ? UBLK_REQUEST(UBLK_IO_COMMIT_AND_FETCH_REQ) : UBLK_IO_COMMIT_AND_FETCH_REQ;
}

int ublk_serve(struct vd_server *srv, const struct ublksrv_ctrl_dev_info *info,
	       struct backend *backend, struct error **err)
{
	struct queue q;
	int r;

	init_queue(&q, info, backend);
	r = ublk_queue_allocate(&q, err);
	if (r == 0)
		r = awake_start(err);
	if (r == 0)
		r = open_queue(&q, srv, err);
	if (r == 0 && write(srv->ready_fd, "", 1) != 1)
		r = error_sys(err, EPIPE, "cannot notify the supervisor");
	if (r == 0)
		r = ublk_queue_run(&q, err);
	close_queue(&q);
	return r;
}
