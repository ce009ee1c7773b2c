/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of a block device, answered from an image: what every transport calls. */
#ifndef APPLETS_VDATTACH_IMAGE_BACKEND_H
#define APPLETS_VDATTACH_IMAGE_BACKEND_H

#include <pthread.h>

#include "applets/vdattach/image/image.h"

enum backend_op {
	BACKEND_READ,
	BACKEND_WRITE,
	BACKEND_FLUSH,
	BACKEND_DISCARD,      /* the bytes are of no use any more; they may read as before */
	BACKEND_WRITE_ZEROES, /* the bytes read as zeros afterwards */
};

struct backend {
	struct vd_image *image;
	struct source *disk; /* the guest's view of image, or a partition of it */
	/*
	 * Formats know nothing of threads: one request at a time reaches them. Whoever else looks
	 * at image (the mapper of the dm exporter) takes this lock.
	 */
	pthread_mutex_t lock;
	/* Called without the lock after each write that may have allocated; NULL: nobody asks. */
	void (*written)(void *arg, uint64_t offset, uint64_t n);
	void *arg;
	bool clean;	       /* nothing was written since the last flush that succeeded */
	unsigned int reported; /* which kinds of error were told already; see backend_request */
};

/* image and disk stay the caller's and must outlive the backend. */
void backend_init(struct backend *backend, struct vd_image *image, struct source *disk)
	_nonnull_(1, 2, 3);

/*
 * Answers one request, waiting for the disk. buf: n bytes, for READ and WRITE only. fua: a WRITE,
 * DISCARD or WRITE_ZEROES returns when it is on stable storage. Returns 0 or -errno for this
 * request alone. The first error of a kind is told (msg): a full host partition, a medium error.
 * Allocates no memory on the way of success.
 */
int backend_request(struct backend *backend, enum backend_op op, void *buf, uint64_t n,
		    uint64_t offset, bool fua) _must_check_ _nonnull_(1);

void backend_release(struct backend *backend);

#endif
