// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/falloc.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "applets/vdattach/server/fuse.h"

#define PAGES_MAX  (FUSE_DATA_MAX / 4096u)
#define BACKGROUND 64u	      /* requests that the kernel queues; one is answered at a time */
#define FOREVER	   UINT64_MAX /* in seconds: nobody else changes the file */

struct queue {
	const struct vd_server *srv;
	struct backend *backend;
	struct fuse_pending *pending;
	int fd;
	bool gone; /* the file system is not mounted any more */
};

int fuse_pending_map(int memory_fd, struct fuse_pending **ret)
{
	void *p = MAP_FAILED;

	*ret = NULL;
	if (ftruncate(memory_fd, sizeof(**ret)) == 0)
		p = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = p;
	return 0;
}

static struct fuse_in_header *header(struct queue *q)
{
	return (struct fuse_in_header *)(void *)q->pending->request;
}

/* Arguments are only as long as the kernel sent them, the rest of the page is from earlier ones. */
static void *arguments(struct queue *q)
{
	return q->pending->request + sizeof(struct fuse_in_header);
}

/* r: bytes of data, or -errno. The kernel refuses an answer to what nobody waits for any more. */
static void fuse_queue_answer(struct queue *q, const void *data, int r)
{
	struct fuse_out_header out = { .unique = header(q)->unique, .error = MIN(r, 0) };
	size_t n = r > 0 ? (size_t)r : 0;
	const struct iovec iov[] = { { &out, sizeof(out) }, { (void *)(uintptr_t)data, n } };

	out.len = (uint32_t)(sizeof(out) + n);
	while (writev(q->fd, iov, n ? 2 : 1) < 0 && errno == EINTR)
		;
}

static void answer_init(struct queue *q)
{
	const struct fuse_init_in *in = arguments(q);
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = MIN(in->minor, (uint32_t)FUSE_KERNEL_MINOR_VERSION),
		.flags = in->flags &
			 (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES),
		.max_background = BACKGROUND,
		.congestion_threshold = BACKGROUND,
		.max_write = FUSE_DATA_MAX,
		.max_pages = PAGES_MAX,
		.time_gran = 1,
	};

	fuse_queue_answer(q, &out, sizeof(out));
}

static void answer_getattr(struct queue *q)
{
	struct fuse_attr_out out = {
		.attr_valid = FOREVER,
		.attr = {
			.ino = FUSE_ROOT_ID,
			.size = q->srv->size,
			.blocks = q->srv->size / 512,
			.mode = S_IFREG | (q->srv->read_only ? 0400 : 0600),
			.nlink = 1,
			.blksize = 4096,
		},
	};

	fuse_queue_answer(q, &out, sizeof(out));
}

static void answer_open(struct queue *q)
{
	const struct fuse_open_out out = {
		.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES,
	};

	fuse_queue_answer(q, &out, sizeof(out));
}

/* The discard granularity of the loop device is taken from it. */
static void answer_statfs(struct queue *q)
{
	const struct fuse_statfs_out out = { .st = { .bsize = 4096, .frsize = 4096 } };

	fuse_queue_answer(q, &out, sizeof(out));
}

static void answer_read(struct queue *q)
{
	const struct fuse_read_in *in = arguments(q);
	uint32_t n = in->size;
	int r = 0;

	if (in->offset >= q->srv->size)
		n = 0;
	n = (uint32_t)MIN((uint64_t)n, q->srv->size - in->offset);
	if (n > FUSE_DATA_MAX)
		r = -EINVAL;
	else if (n > 0)
		r = backend_request(q->backend, BACKEND_READ, q->pending->data, n, in->offset,
				    false);
	fuse_queue_answer(q, q->pending->data, r < 0 ? r : (int)n);
}

static void answer_write(struct queue *q)
{
	const struct fuse_write_in *in = arguments(q);
	struct fuse_write_out out = { .size = in->size };
	int r = -EINVAL;

	if (in->size <= FUSE_DATA_MAX)
		r = backend_request(q->backend, BACKEND_WRITE, q->pending->data, in->size,
				    in->offset, false);
	fuse_queue_answer(q, &out, r < 0 ? r : (int)sizeof(out));
}

/* Loop makes holes for discards and for zeros alike, and a hole reads as zeros. */
static int fuse_queue_allocate(struct queue *q)
{
	const struct fuse_fallocate_in *in = arguments(q);
	uint32_t holes = in->mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE);
	int r;

	if (!q->srv->discard || !holes || !(in->mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	r = backend_request(q->backend, BACKEND_WRITE_ZEROES, NULL, in->length, in->offset, false);
	if (r == 0 && (holes & FALLOC_FL_PUNCH_HOLE))
		r = backend_request(q->backend, BACKEND_DISCARD, NULL, in->length, in->offset,
				    false);
	return r;
}

static void fuse_queue_take(struct queue *q)
{
	switch (header(q)->opcode) {
	case FUSE_READ:
		return answer_read(q);
	case FUSE_WRITE:
		return answer_write(q);
	case FUSE_FSYNC:
		return fuse_queue_answer(
			q, NULL, backend_request(q->backend, BACKEND_FLUSH, NULL, 0, 0, false));
	case FUSE_FALLOCATE:
		return fuse_queue_answer(q, NULL, fuse_queue_allocate(q));
	case FUSE_INIT:
		return answer_init(q);
	case FUSE_GETATTR:
		return answer_getattr(q);
	case FUSE_OPEN:
		return answer_open(q);
	case FUSE_STATFS:
		return answer_statfs(q);
	case FUSE_RELEASE:
		return fuse_queue_answer(q, NULL, 0);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return; /* have no answer */
	default:
		return fuse_queue_answer(q, NULL, -ENOSYS);
	}
}

/* Of a write, the data goes to a place of its own, which reading uses as well. */
static int next_request(struct queue *q)
{
	struct fuse_pending *pending = q->pending;
	size_t head = sizeof(struct fuse_in_header) + sizeof(struct fuse_write_in);
	const struct iovec iov[] = { { pending->request, head },
				     { pending->data, sizeof(pending->data) } };

	ssize_t n;

	header(q)->len = 0;
	n = readv(q->fd, iov, 2);
	if (n > 0)
		return 0;
	header(q)->len = 0;
	q->gone = n == 0 || errno == ENODEV || errno == ECONNABORTED;
	/* ENOENT: it was taken back */
	return errno == EINTR || errno == EAGAIN || errno == ENOENT || q->gone ? 0 : -errno;
}

int fuse_serve(const struct vd_server *srv, int fd, struct fuse_pending *pending,
	       struct backend *backend, struct error **err)
{
	struct queue q = { .srv = srv, .backend = backend, .pending = pending, .fd = fd };
	int r = 0;

	while (r == 0 && !q.gone) {
		if (header(&q)->len)
			fuse_queue_take(&q);
		r = next_request(&q);
	}
	return r < 0 ? error_sys(err, r, "cannot read requests from /dev/fuse") : 0;
}
