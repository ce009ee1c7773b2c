// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/image/backend.h"

#include <errno.h>

#include "common/msg.h"

enum { REPORTED_FULL = 1 << 0, REPORTED_ERROR = 1 << 1 };

void backend_init(struct backend *backend, struct vd_image *image, struct source *disk)
{
	*backend = (struct backend){ .image = image, .disk = disk };
	pthread_mutex_init(&backend->lock, NULL);
}

/*
 * Linux before 6.12 sends a flush for each segment of a mapped disk: those after the first have
 * nothing to do. What the kernel writes to the file by itself, it flushes by itself: the loop
 * devices get each flush, too.
 */
static int flush(struct backend *backend, struct error **err)
{
	int r = backend->clean ? 0 : source_flush(backend->disk, err);

	backend->clean = r == 0;
	return r;
}

static int backend_answer(struct backend *backend, enum backend_op op, void *buf, uint64_t n,
			  uint64_t offset, struct error **err)
{
	struct source *disk = backend->disk;

	switch (op) {
	case BACKEND_READ:
		return source_pread(disk, buf, (size_t)n, offset, err);
	case BACKEND_WRITE:
		return source_pwrite(disk, buf, (size_t)n, offset, err);
	case BACKEND_FLUSH:
		return flush(backend, err);
	case BACKEND_DISCARD:
		return source_discard(disk, n, offset, err);
	case BACKEND_WRITE_ZEROES:
		return source_write_zeroes(disk, n, offset, err);
	}
	return -EOPNOTSUPP;
}

/* Once for each kind: whoever uses the device may ask thousands of times. */
static void backend_report(struct backend *backend, int r, const struct error *err)
{
	unsigned int kind = r == -ENOSPC ? REPORTED_FULL : REPORTED_ERROR;

	if (backend->reported & kind)
		return;
	backend->reported |= kind;
	if (r == -ENOSPC)
		msg(MSG_ERROR,
		    "%s: the partition that holds the image is full: new blocks cannot be written; "
		    "make room there",
		    backend->disk->name);
	else
		msg(MSG_ERROR, "%s", error_msg(err));
}

int backend_request(struct backend *backend, enum backend_op op, void *buf, uint64_t n,
		    uint64_t offset, bool fua)
{
	_cleanup_error_ struct error *err = NULL;
	bool writes = op != BACKEND_READ && op != BACKEND_FLUSH;
	int r;

	pthread_mutex_lock(&backend->lock);
	if (writes)
		backend->clean = false;
	r = backend_answer(backend, op, buf, n, offset, &err);
	if (r == 0 && fua && writes)
		r = flush(backend, &err);
	if (r < 0)
		backend_report(backend, r, err);
	pthread_mutex_unlock(&backend->lock);
	if (r == 0 && writes && backend->written)
		backend->written(backend->arg, offset, n);
	return r;
}

void backend_release(struct backend *backend)
{
	pthread_mutex_destroy(&backend->lock);
}
