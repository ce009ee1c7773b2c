/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source is a run of bytes that can be read and perhaps written: the image
 * file, a buffer in a test, the guest's view of an image, one partition of it.
 * Formats and partition parsers know nothing else of the world, so the same
 * code runs over files, under unit tests, and under a fuzzer.
 */
#ifndef APPLETS_VDATTACH_SOURCE_SOURCE_H
#define APPLETS_VDATTACH_SOURCE_SOURCE_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

struct source;
struct recovery;

struct source_extent {
	uint64_t length; /* bytes from the offset asked for, never 0 */
	bool zero;	 /* reads as zeros and takes no space */
};

/*
 * Callers use source_*() below, which have checked range and read_only before they come here. What
 * fails may say why in source->reason.
 */
struct source_ops {
	/* Reads exactly n bytes. 0 or -errno. */
	int (*pread)(struct source *, void *buf, size_t n, uint64_t offset);
	/* Writes exactly n bytes. 0 or -errno. NULL: never writable. */
	int (*pwrite)(struct source *, const void *buf, size_t n, uint64_t offset);
	/* Returns when all written data is on stable storage. 0 or -errno. NULL: nothing to do. */
	int (*flush)(struct source *);
	/* Makes the source size bytes long; new bytes read as zeros. 0 or -errno. NULL: fixed size.
	 */
	int (*resize)(struct source *, uint64_t size);
	/*
	 * The bytes are of no use any more: gives their space back where it can, and they read as
	 * before or as zeros. zero: they must read as zeros. 0, or -EOPNOTSUPP: nothing was done.
	 * NULL: never supported.
	 */
	int (*discard)(struct source *, uint64_t n, uint64_t offset, bool zero);
	/*
	 * Takes the space for the n bytes at offset, which are written soon. 0, -EOPNOTSUPP or
	 * -errno. NULL: writing inside the source needs none.
	 */
	int (*reserve)(struct source *, uint64_t n, uint64_t offset);
	/* Fills ret for the bytes from offset; length may overshoot size. NULL: all is data. */
	int (*extent)(struct source *, uint64_t offset, struct source_extent *ret);
	/* Frees what hangs off the source and the source itself. */
	void (*close)(struct source *);
};

struct source {
	const struct source_ops *ops;
	char *name; /* for messages; owned */
	uint64_t size;
	uint64_t device, inode; /* which file it is; 0, 0 = not known */
	bool read_only;
	struct recovery *recovery; /* where its changed tables are kept, or NULL; not owned */
	bool was_raw;		   /* see source_file_remember_raw() */
	struct error *reason;	   /* of the failure of the operation just done, or NULL; owned */
};

/* Whether both are the same file; false where that is not known. */
static inline bool source_is_same_file(const struct source *a, const struct source *b)
{
	return a->device == b->device && a->inode == b->inode && (a->device || a->inode);
}

/*
 * Reads exactly n bytes at offset. Returns 0, -ERANGE when they are not all
 * inside the source, or the error of the medium; *err names source and offset.
 */
int source_pread(struct source *source, void *buf, size_t n, uint64_t offset,
		 struct error **err) _must_check_ _nonnull_(1, 2);

/* Writes exactly n bytes at offset. As source_pread; -EROFS when the source is read-only. */
int source_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset,
		  struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * Makes all that was written durable; a source that is only read has nothing to do. Returns 0 or
 * -errno with *err set. A file whose flush failed once fails ever after, until it is opened again:
 * the kernel may have forgotten what it could not write, so nothing that was written is known to
 * be there.
 */
int source_flush(struct source *source, struct error **err) _must_check_ _nonnull_(1);

/*
 * Writes what a killed process has left of source's tables in its recovery memory (recovery.h).
 * late: of those that must not be written before the format has looked at the image. 0 or -errno.
 */
int source_rescue(struct source *source, bool late, struct error **err) _must_check_ _nonnull_(1);

/*
 * Makes the source size bytes long: cuts its end off or adds zeros. Returns 0,
 * -EROFS, -ENOSPC (no room, or a source that cannot grow) or -errno.
 */
int source_resize(struct source *source, uint64_t size, struct error **err) _must_check_
	_nonnull_(1);

/*
 * The n bytes at offset are of no use any more: their space is given back where that is possible,
 * else nothing is done. They read as before or as zeros. Returns 0, -ERANGE, -EROFS, -errno.
 */
int source_discard(struct source *source, uint64_t n, uint64_t offset,
		   struct error **err) _must_check_ _nonnull_(1);

/*
 * Makes the n bytes at offset read as zeros, by a mark where the source has one, else by writing
 * them. Returns 0, -ERANGE, -EROFS, -errno.
 */
int source_write_zeroes(struct source *source, uint64_t n, uint64_t offset,
			struct error **err) _must_check_ _nonnull_(1);

/*
 * Takes the space for the n bytes at offset now, where that is possible: writing them later does
 * not fail for want of it. What source_resize() adds is reserved already. Returns 0, -ENOSPC or
 * -errno.
 */
int source_reserve(struct source *source, uint64_t n, uint64_t offset,
		   struct error **err) _must_check_ _nonnull_(1);

#define SOURCE_ZEROS 65536u

/* SOURCE_ZEROS bytes of zeros, to write. */
const uint8_t *source_zeros(void);

/*
 * Tells whether the bytes from offset are data or zeros, and for how long
 * (clipped to the end of the source). Returns 0, -ERANGE when offset is not inside, or -errno.
 */
int source_extent(struct source *source, uint64_t offset, struct source_extent *ret,
		  struct error **err) _must_check_ _nonnull_(1, 3);

/* Closes and frees *source and sets it to NULL. NULL-safe. */
void source_close(struct source **source);

#define _cleanup_source_ _cleanup_(source_close)

/*
 * Bytes offset .. offset+size-1 of under as a source of their own. under stays
 * the caller's and must outlive the window. name: for messages, copied.
 * Returns 0, -ERANGE (not inside under) or -ENOMEM.
 */
int source_window(struct source *under, const char *name, uint64_t offset, uint64_t size,
		  struct source **ret, struct error **err) _must_check_ _nonnull_(1, 2, 5);

/*
 * Opens a regular file or block device. Returns 0 or -errno with *err set
 * (-EINVAL: neither of the two).
 */
int source_file_open(const char *path, bool read_only, struct source **ret,
		     struct error **err) _must_check_ _nonnull_(1, 3);

/*
 * Makes a source of the open descriptor fd, which it owns from now on, on failure too (it is closed
 * then). name: for messages, and the path for those who look for it; copied. Only regular files:
 * -EINVAL for others.
 */
int source_file_adopt(int fd, const char *name, bool read_only, struct source **ret,
		      struct error **err) _must_check_ _nonnull_(2, 4);

/*
 * Notes with the file (in an extended attribute, where there are any) whether its guest can write
 * all of it, so that later its content is no proof of its format; source->was_raw tells at the next
 * open.
 */
void source_file_remember_raw(struct source *source, bool raw) _nonnull_(1);

/*
 * Locks the file of a source of source_file_open or source_file_adopt until it is closed, against
 * other programs: a writable one for itself alone, a read-only one against those that write. 0, or
 * -EBUSY when another program has it locked. File systems without locks: 0, without a lock.
 */
int source_file_lock(const struct source *source, struct error **err) _must_check_ _nonnull_(1);

/* The descriptor under a source of source_file_open (it stays the source's), else -1. */
int source_file_fd(const struct source *source) _nonnull_(1);

#endif
