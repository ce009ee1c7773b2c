// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/server/uring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

/* Linux 6.0 has the first two, 6.1 the third: task work runs in io_uring_enter(), no IPIs */
#define SETUP_QUIET \
	(IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static int setup(unsigned int entries, unsigned int flags, struct io_uring_params *params)
{
	long fd;

	*params = (struct io_uring_params){ .flags = flags };
	fd = syscall(SYS_io_uring_setup, entries, params);
	return fd < 0 ? -errno : (int)fd;
}

static int uring_explain(int r, struct error **err)
{
	if (r == -EPERM || r == -EACCES)
		return error_make(
			err, EOPNOTSUPP,
			"io_uring is forbidden here: see sysctl kernel.io_uring_disabled");
	if (r == -ENOSYS || r == -EINVAL)
		return error_make(err, EOPNOTSUPP,
				  "this kernel has no io_uring with commands (Linux 5.19)");
	return error_sys(err, r, "cannot call io_uring_setup");
}

static void find_queues(struct uring *uring, const struct io_uring_params *params)
{
	uint8_t *base = uring->ring;
	unsigned int *array = (unsigned int *)(base + params->sq_off.array);

	uring->sq_tail = (unsigned int *)(base + params->sq_off.tail);
	uring->sq_mask = *(unsigned int *)(base + params->sq_off.ring_mask);
	uring->cq_head = (unsigned int *)(base + params->cq_off.head);
	uring->cq_tail = (unsigned int *)(base + params->cq_off.tail);
	uring->cq_mask = *(unsigned int *)(base + params->cq_off.ring_mask);
	uring->cqes = (const struct io_uring_cqe *)(base + params->cq_off.cqes);
	for (unsigned int i = 0; i < params->sq_entries; i++)
		array[i] = i;
}

static void *map(int fd, size_t size, off_t what)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, what);

	return p == MAP_FAILED ? NULL : p;
}

/* Both queues lie in one mapping since Linux 5.4 (IORING_FEAT_SINGLE_MMAP). */
static int map_queues(struct uring *uring, const struct io_uring_params *params)
{
	size_t sq = params->sq_off.array + params->sq_entries * sizeof(unsigned int);
	size_t cq = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);

	uring->ring_size = MAX(sq, cq);
	uring->sqes_size = (size_t)params->sq_entries * uring->sqe_size;
	uring->ring = map(uring->fd, uring->ring_size, IORING_OFF_SQ_RING);
	uring->sqes = map(uring->fd, uring->sqes_size, IORING_OFF_SQES);
	if (!uring->ring || !uring->sqes)
		return -ENOMEM;
	find_queues(uring, params);
	return 0;
}

int uring_open(struct uring *uring, unsigned int entries, bool wide, struct error **err)
{
	unsigned int flags = wide ? IORING_SETUP_SQE128 : 0;
	struct io_uring_params params;
	int r;

	*uring = (struct uring){ .fd = -1, .sqe_size = wide ? 128 : 64 };
	r = setup(entries, flags | SETUP_QUIET, &params);
	if (r == -EINVAL)
		r = setup(entries, flags, &params);
	if (r < 0)
		return uring_explain(r, err);
	uring->fd = r;
	if (map_queues(uring, &params) == 0)
		return 0;
	uring_close(uring);
	return error_sys(err, ENOMEM, "cannot map the queues of io_uring");
}

struct io_uring_sqe *uring_next(struct uring *uring)
{
	unsigned int index = (*uring->sq_tail + uring->pending++) & uring->sq_mask;
	void *sqe = uring->sqes + (size_t)index * uring->sqe_size;

	return memset(sqe, 0, uring->sqe_size);
}

int uring_enter(struct uring *uring, unsigned int wait)
{
	long n;

	__atomic_store_n(uring->sq_tail, *uring->sq_tail + uring->pending, __ATOMIC_RELEASE);
	do {
		n = syscall(SYS_io_uring_enter, uring->fd, uring->pending, wait,
			    IORING_ENTER_GETEVENTS, NULL, 0);
		if (n > 0)
			uring->pending -= (unsigned int)n;
		/* the kernel is short of memory for a moment */
		if (n < 0 && errno == EAGAIN)
			nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	} while ((n < 0 && (errno == EINTR || errno == EAGAIN)) || (n > 0 && uring->pending > 0));
	return n < 0 ? -errno : 0;
}

int uring_wait(struct uring *uring, unsigned int milliseconds)
{
	struct __kernel_timespec limit = { .tv_sec = milliseconds / 1000,
					   .tv_nsec = milliseconds % 1000 * 1000000L };
	/* Linux 5.11, older than commands are */
	struct io_uring_getevents_arg arg = { .ts = (uintptr_t)&limit };
	long r = syscall(SYS_io_uring_enter, uring->fd, 0, 1,
			 IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &arg, sizeof(arg));

	return r < 0 && errno != ETIME && errno != EINTR && errno != EAGAIN ? -errno : 0;
}

bool uring_result(struct uring *uring, struct io_uring_cqe *ret)
{
	unsigned int head = *uring->cq_head;

	if (head == __atomic_load_n(uring->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*ret = uring->cqes[head & uring->cq_mask];
	__atomic_store_n(uring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

void uring_close(struct uring *uring)
{
	if (uring->ring)
		munmap(uring->ring, uring->ring_size);
	if (uring->sqes)
		munmap(uring->sqes, uring->sqes_size);
	if (uring->fd >= 0)
		close(uring->fd);
	*uring = (struct uring){ .fd = -1 };
}
