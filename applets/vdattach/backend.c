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
		return 0; /* for all of them, at the end */
	case BACKEND_DISCARD:
		return source_discard(disk, n, offset, err);
	case BACKEND_WRITE_ZEROES:
		return source_write_zeroes(disk, n, offset, err);
	}
	return -EOPNOTSUPP;
}

/* Whether the bytes have a place in the image's own files, so that writing them changes no table.
 */
static int has_place(struct backend *backend, uint64_t offset, uint64_t n, bool *ret,
		     struct error **err)
{
	*ret = true;
	offset += source_window_start(backend->disk);
	while (n > 0 && *ret) {
		struct vd_extent extent;
		int r = vd_image_extent(backend->image, offset, &extent, err);

		if (r < 0)
			return r;
		*ret = extent.kind == VD_EXTENT_DATA;
		offset += MIN(n, extent.length);
		n -= MIN(n, extent.length);
	}
	return 0;
}

static bool touches_log(const struct backend *backend, uint64_t offset, uint64_t n)
{
	return write_log_touches(backend->log, offset + source_window_start(backend->disk), n,
				 backend->image->block_size);
}

/* A full log is emptied by a flush; a write that is longer than the log is flushed by itself. */
static int remember(struct backend *backend, const void *buf, uint64_t n, uint64_t offset,
		    bool *ret_flush, struct error **err)
{
	uint64_t start = offset + source_window_start(backend->disk);
	bool has;
	int r = has_place(backend, offset, n, &has, err);

	if (r < 0 || (has && !touches_log(backend, offset, n)) ||
	    write_log_add(backend->log, buf, n, start))
		return r;
	r = backend_flush(backend, err);
	*ret_flush = r == 0 && !write_log_add(backend->log, buf, n, start);
	return r;
}

int backend_flush(struct backend *backend, struct error **err)
{
	int r = source_flush(backend->disk, err);

	if (r == 0 && backend->log)
		write_log_clear(backend->log);
	return r;
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
	bool flush = op == BACKEND_FLUSH || (writes && fua);
	int r = 0;

	pthread_mutex_lock(&backend->lock);
	if (backend->log && (op == BACKEND_WRITE || op == BACKEND_WRITE_ZEROES))
		r = remember(backend, op == BACKEND_WRITE ? buf : NULL, n, offset, &flush, &err);
	if (r == 0) {
		r = answer(backend->disk, op, buf, n, offset, &err);
		if (r < 0 && writes && backend->log)
			write_log_fail(backend->log,
				       offset + n + source_window_start(backend->disk));
	}
	if (r == 0 && flush)
		r = backend_flush(backend, &err);
	if (r < 0)
		report(backend, r, err);
	pthread_mutex_unlock(&backend->lock);
	if (r == 0 && writes && backend->written)
		backend->written(backend->arg, offset, n);
	return r;
}

int backend_replay(struct backend *backend, struct error **err)
{
	struct write_log *log = backend->log;
	uint64_t start = source_window_start(backend->disk);
	int r = 0;

	if (!log || write_log_is_empty(log))
		return 0;
	for (uint32_t i = 0; i < log->n && r == 0; i++) {
		const struct write_log_entry *e = log->entries + i;

		r = answer(backend->disk, e->zeroes ? BACKEND_WRITE_ZEROES : BACKEND_WRITE,
			   log->data + e->data, e->n, e->offset - start, err);
		if (e->failed) {
			error_release(err);
			r = 0;
		}
	}
	return r < 0 ? r : backend_flush(backend, err);
}

void backend_release(struct backend *backend)
{
	pthread_mutex_destroy(&backend->lock);
}
