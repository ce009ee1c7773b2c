// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/backend.h"

#include <errno.h>

#include "applets/lib/msg.h"

enum { REPORTED_FULL = 1 << 0, REPORTED_ERROR = 1 << 1 };

void backend_init(struct backend *backend, struct vd_image *image, struct source *disk)
{
	*backend = (struct backend){ .image = image, .disk = disk };
	pthread_mutex_init(&backend->lock, NULL);
}

static int answer(struct source *disk, enum backend_op op, void *buf, uint64_t n, uint64_t offset,
		  struct error **err)
{
	switch (op) {
	case BACKEND_READ:
		return source_pread(disk, buf, (size_t)n, offset, err);
	case BACKEND_WRITE:
		return source_pwrite(disk, buf, (size_t)n, offset, err);
	case BACKEND_FLUSH:
		return source_flush(disk, err);
	case BACKEND_DISCARD:
		return source_discard(disk, n, offset, err);
	case BACKEND_WRITE_ZEROES:
		return source_write_zeroes(disk, n, offset, err);
	}
	return -EOPNOTSUPP;
}

/* Once for each kind: whoever uses the device may ask thousands of times. */
static void report(struct backend *backend, int r, const struct error *err)
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
	r = answer(backend->disk, op, buf, n, offset, &err);
	if (r == 0 && fua && writes)
		r = source_flush(backend->disk, &err);
	if (r < 0)
		report(backend, r, err);
	pthread_mutex_unlock(&backend->lock);
	if (r == 0 && writes && backend->written)
		backend->written(backend->arg, offset, n);
	return r;
}

void backend_release(struct backend *backend)
{
	pthread_mutex_destroy(&backend->lock);
}
