/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small io_uring by its three system calls: one thread submits entries, then waits for results.
 * Facts: Documentation of io_uring_setup(2), io_uring_enter(2); linux/io_uring.h.
 */
#ifndef APPLETS_VDATTACH_SERVER_URING_H
#define APPLETS_VDATTACH_SERVER_URING_H

#include <linux/io_uring.h>
#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

struct uring {
	int fd; /* -1 = closed */
	unsigned int *sq_tail, *cq_head, *cq_tail;
	unsigned int sq_mask, cq_mask, pending, sqe_size;
	uint8_t *sqes;
	const struct io_uring_cqe *cqes;
	void *ring; /* mapping of both queues' indexes and the results */
	size_t ring_size, sqes_size;
};

/*
 * Opens a ring of entries (a power of two). wide: entries of 128 bytes, whose command area has 80.
 * Returns 0, or -EOPNOTSUPP when this kernel has no io_uring that can do it or forbids it (the
 * sysctl kernel.io_uring_disabled), -ENOMEM.
 */
int uring_open(struct uring *uring, unsigned int entries, bool wide,
	       struct error **err) _must_check_ _nonnull_(1);

/*
 * The next free entry, zeroed, submitted by the next uring_enter(). The caller never takes more
 * than entries between two calls of it.
 */
struct io_uring_sqe *uring_next(struct uring *uring) _nonnull_(1);

/*
 * Submits all entries taken and waits for at least wait results. A signal may end the waiting
 * before they are there, so callers look and ask again. Returns 0 or -errno.
 */
int uring_enter(struct uring *uring, unsigned int wait) _must_check_ _nonnull_(1);

/*
 * Waits for a result, at most so long; nothing may be left to submit. Returns 0, whether there is
 * one or not, or -errno. Do not poll() a ring instead: results of some kernels and drivers are made
 * by whoever enters the ring, and since Linux 7.2 nothing tells before that there is something to
 * do.
 */
int uring_wait(struct uring *uring, unsigned int milliseconds) _must_check_ _nonnull_(1);

/* Takes the oldest result. false: there is none now. */
bool uring_result(struct uring *uring, struct io_uring_cqe *ret) _nonnull_(1, 2);

/* NULL-safe in the sense that a closed one stays closed. */
void uring_close(struct uring *uring) _nonnull_(1);

#define _cleanup_uring_ _cleanup_(uring_close)

#endif
