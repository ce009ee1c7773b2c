// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/source/source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool source_inside(const struct source *source, uint64_t n, uint64_t offset)
{
	return offset <= source->size && n <= source->size - offset;
}

static int out_of_range(const struct source *source, const char *verb, uint64_t n, uint64_t offset,
			struct error **err)
{
	return error_make(err, ERANGE,
			  "%s: cannot %s %" PRIu64 " bytes at offset %" PRIu64
			  ": beyond the end at %" PRIu64,
			  source->name, verb, n, offset, source->size);
}

/* What the operation said of its failure, else what errno says. */
static int source_explain(struct source *source, int r, struct error **err)
{
	struct error *reason = steal_ptr(&source->reason);

	if (reason)
		error_move(err, reason);
	else
		error_make(err, r, "%s", strerror(-r));
	return r;
}

/* Adds what was asked for. */
static int failed(struct source *source, int r, const char *verb, uint64_t n, uint64_t offset,
		  struct error **err)
{
	source_explain(source, r, err);
	error_wrap(err, "%s: cannot %s %" PRIu64 " bytes at offset %" PRIu64, source->name, verb, n,
		   offset);
	return r;
}

int source_pread(struct source *source, void *buf, size_t n, uint64_t offset, struct error **err)
{
	int r;

	if (!source_inside(source, n, offset))
		return out_of_range(source, "read", n, offset, err);
	r = source->ops->pread(source, buf, n, offset);
	return r < 0 ? failed(source, r, "read", n, offset, err) : 0;
}

int source_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset,
		  struct error **err)
{
	int r = -EROFS;

	if (!source_inside(source, n, offset))
		return out_of_range(source, "write", n, offset, err);
	if (!source->read_only && source->ops->pwrite)
		r = source->ops->pwrite(source, buf, n, offset);
	return r < 0 ? failed(source, r, "write", n, offset, err) : 0;
}

int source_flush(struct source *source, struct error **err)
{
	/* fsync(2) has an error for files of some file systems that are only read, as on a CD */
	int r = source->ops->flush && !source->read_only ? source->ops->flush(source) : 0;

	if (r == 0)
		return 0;
	source_explain(source, r, err);
	error_wrap(err, "%s: cannot flush", source->name);
	return r;
}

int source_resize(struct source *source, uint64_t size, struct error **err)
{
	int r = -EROFS;

	if (!source->read_only)
		r = source->ops->resize ? source->ops->resize(source, size) : -ENOSPC;
	if (r < 0)
		return error_sys(err, r, "%s: cannot set the size to %" PRIu64 " bytes",
				 source->name, size);
	source->size = size;
	return 0;
}

/* Both kinds of giving space back. -EOPNOTSUPP: the source has no means for it. */
static int source_give_back(struct source *source, uint64_t n, uint64_t offset, bool zero,
			    struct error **err)
{
	int r = -EROFS;

	if (!source_inside(source, n, offset))
		return out_of_range(source, "discard", n, offset, err);
	if (!source->read_only)
		r = source->ops->discard ? source->ops->discard(source, n, offset, zero)
					 : -EOPNOTSUPP;
	return r < 0 && r != -EOPNOTSUPP ? failed(source, r, "discard", n, offset, err) : r;
}

int source_discard(struct source *source, uint64_t n, uint64_t offset, struct error **err)
{
	int r = source_give_back(source, n, offset, false, err);

	return r == -EOPNOTSUPP ? 0 : r;
}

int source_reserve(struct source *source, uint64_t n, uint64_t offset, struct error **err)
{
	int r;

	if (!source->ops->reserve || n == 0)
		return 0;
	r = source->ops->reserve(source, n, offset);
	if (r == 0 || r == -EOPNOTSUPP)
		return 0;
	return failed(source, r, "take space for", n, offset, err);
}

const uint8_t *source_zeros(void)
{
	/* never written; not const, so that it takes no room in the program's file */
	static uint8_t zeros[SOURCE_ZEROS];

	return zeros;
}

int source_write_zeroes(struct source *source, uint64_t n, uint64_t offset, struct error **err)
{
	int r = source_give_back(source, n, offset, true, err);

	if (r != -EOPNOTSUPP)
		return r;
	for (r = 0; n > 0 && r == 0;) {
		size_t part = (size_t)MIN(n, (uint64_t)SOURCE_ZEROS);

		r = source_pwrite(source, source_zeros(), part, offset, err);
		offset += part;
		n -= part;
	}
	return r;
}

int source_extent(struct source *source, uint64_t offset, struct source_extent *ret,
		  struct error **err)
{
	struct source_extent extent = { UINT64_MAX, false };
	int r = 0;

	if (offset >= source->size)
		return out_of_range(source, "map", 1, offset, err);
	if (source->ops->extent)
		r = source->ops->extent(source, offset, &extent);
	if (r < 0)
		return failed(source, r, "find data in", source->size - offset, offset, err);
	extent.length = MIN(extent.length, source->size - offset);
	*ret = extent;
	return 0;
}

void source_close(struct source **source)
{
	struct source *s = *source;

	*source = NULL;
	if (!s)
		return;
	free(s->name);
	error_release(&s->reason);
	s->ops->close(s);
}

struct window {
	struct source source;
	struct source *under;
	uint64_t offset;
};

static struct window *to_window(struct source *source)
{
	return (struct window *)source;
}

/* What the source under the window said is said by the window. */
static int hand_up(struct window *w, int r)
{
	w->source.reason = steal_ptr(&w->under->reason);
	return r;
}

static int window_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	struct window *w = to_window(source);

	return hand_up(w, w->under->ops->pread(w->under, buf, n, w->offset + offset));
}

static int window_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	struct window *w = to_window(source);

	if (!w->under->ops->pwrite)
		return -EROFS;
	return hand_up(w, w->under->ops->pwrite(w->under, buf, n, w->offset + offset));
}

static int window_flush(struct source *source)
{
	struct window *w = to_window(source);

	return w->under->ops->flush ? hand_up(w, w->under->ops->flush(w->under)) : 0;
}

static int window_discard(struct source *source, uint64_t n, uint64_t offset, bool zero)
{
	struct window *w = to_window(source);

	if (!w->under->ops->discard)
		return -EOPNOTSUPP;
	return hand_up(w, w->under->ops->discard(w->under, n, w->offset + offset, zero));
}

static int window_extent(struct source *source, uint64_t offset, struct source_extent *ret)
{
	struct window *w = to_window(source);

	if (!w->under->ops->extent)
		return 0;
	return hand_up(w, w->under->ops->extent(w->under, w->offset + offset, ret));
}

static void window_close(struct source *source)
{
	free(to_window(source));
}

static const struct source_ops window_ops = {
	.pread = window_pread,
	.pwrite = window_pwrite,
	.flush = window_flush,
	.discard = window_discard,
	.extent = window_extent,
	.close = window_close,
};

int source_window(struct source *under, const char *name, uint64_t offset, uint64_t size,
		  struct source **ret, struct error **err)
{
	struct window *w;

	if (!source_inside(under, size, offset))
		return out_of_range(under, "open", size, offset, err);
	w = calloc(1, sizeof(*w));
	if (w)
		w->source.name = strdup(name);
	if (!w || !w->source.name) {
		free(w);
		return error_sys(err, ENOMEM, "%s", name);
	}
	w->source.ops = &window_ops;
	w->source.size = size;
	w->source.read_only = under->read_only;
	w->under = under;
	w->offset = offset;
	*ret = &w->source;
	return 0;
}
