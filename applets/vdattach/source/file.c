// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "applets/lib/hostfs.h"
#include "applets/vdattach/source/source.h"
#include "common/bytes.h"

struct file_source {
	struct source source;
	int fd;
	bool flush_failed;
	bool reserves; /* its file system leaves holes, and can be told not to */
};

#define RAW_MARK "user.vdattach.raw"

static struct file_source *to_file(struct source *source)
{
	return (struct file_source *)source;
}

static int file_fd(struct source *source)
{
	return ((struct file_source *)source)->fd;
}

static int file_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	uint8_t *p = buf;

	while (n > 0) {
		ssize_t got = pread(file_fd(source), p, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		/* the file became shorter since it was opened */
		if (got == 0)
			return -EIO;
		p += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

static int file_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t put = pwrite(file_fd(source), p, n, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		p += put;
		n -= (size_t)put;
		offset += (uint64_t)put;
	}
	return 0;
}

static int file_flush(struct source *source)
{
	struct file_source *f = to_file(source);

	if (f->flush_failed)
		return error_make(&source->reason, EIO,
				  "an earlier flush failed: what was written since the one before "
				  "may be lost; attach the image again");
	if (fdatasync(f->fd) == 0)
		return 0;
	f->flush_failed = true;
	return -errno;
}

/* Of file systems: less is zeroed by writing it, which gives no space back. */
#define PUNCH_ALIGN 4096u

/* A file system that knows no holes, or not in this file. */
static bool is_unsupported(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS || error == EINVAL || error == ENODEV;
}

static int change_space(int fd, int mode, uint64_t n, uint64_t offset)
{
	int r;

	do
		r = fallocate(fd, mode, (off_t)offset, (off_t)n);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	return is_unsupported(errno) ? -EOPNOTSUPP : -errno;
}

static int source_file_set_size(struct file_source *f, uint64_t size)
{
	int r;

	do
		r = ftruncate(f->fd, (off_t)size);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/*
 * The space is taken with the size, not ahead of it: after a crash e2fsck (1.47) calls a large file
 * damaged that has space behind its end.
 */
static int source_file_grow(struct file_source *f, uint64_t size)
{
	uint64_t end = f->source.size;
	int r = f->reserves ? change_space(f->fd, 0, size - end, end) : -EOPNOTSUPP;

	if (r != -EOPNOTSUPP)
		return r;
	f->reserves = false;
	return source_file_set_size(f, size);
}

static int file_resize(struct source *source, uint64_t size)
{
	struct file_source *f = to_file(source);
	struct stat st;
	int r = 0;

	if (fstat(f->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOSPC;
	if (size <= source->size)
		return source_file_set_size(f, size);
	r = source_file_grow(f, size);
	/* a part may have been taken */
	if (r < 0)
		source_file_set_size(f, source->size);
	return r;
}

static int file_reserve(struct source *source, uint64_t n, uint64_t offset)
{
	struct file_source *f = to_file(source);

	if (!f->reserves)
		return -EOPNOTSUPP;
	return change_space(f->fd, FALLOC_FL_KEEP_SIZE, n, offset);
}

/* Zeros keep their space where that is possible, so that writing there again cannot fail. */
static int file_discard(struct source *source, uint64_t n, uint64_t offset, bool zero)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	uint64_t end = offset + n;
	int r;

	if (n == 0)
		return 0;
	if (zero) {
		r = change_space(file_fd(source), FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, n,
				 offset);
		if (r != -EOPNOTSUPP)
			return r;
		return change_space(file_fd(source), punch, n, offset);
	}
	offset = (offset + PUNCH_ALIGN - 1) & ~(uint64_t)(PUNCH_ALIGN - 1);
	end &= ~(uint64_t)(PUNCH_ALIGN - 1);
	return offset < end ? change_space(file_fd(source), punch, end - offset, offset) : 0;
}

static int file_extent(struct source *source, uint64_t offset, struct source_extent *ret)
{
	off_t data = lseek(file_fd(source), (off_t)offset, SEEK_DATA);
	off_t hole;

	/* ENXIO: no data up to the end. Others: a file system that cannot tell, so all is data. */
	if (data < 0) {
		ret->zero = errno == ENXIO;
		ret->length = UINT64_MAX;
		return 0;
	}
	if ((uint64_t)data > offset) {
		ret->zero = true;
		ret->length = (uint64_t)data - offset;
		return 0;
	}
	hole = lseek(file_fd(source), (off_t)offset, SEEK_HOLE);
	ret->zero = false;
	ret->length = hole > (off_t)offset ? (uint64_t)hole - offset : UINT64_MAX;
	return 0;
}

static void file_close(struct source *source)
{
	struct file_source *f = to_file(source);

	close(f->fd);
	free(f);
}

static const struct source_ops file_ops = {
	.pread = file_pread,
	.pwrite = file_pwrite,
	.flush = file_flush,
	.resize = file_resize,
	.discard = file_discard,
	.reserve = file_reserve,
	.extent = file_extent,
	.close = file_close,
};

/* Opens and measures; O_NONBLOCK so that a FIFO is refused instead of waited for. */
static int open_measured(const char *path, bool read_only, uint64_t *ret_size, struct stat *ret_st,
			 struct error **err)
{
	int flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	off_t end;
	int fd;

	fd = open(path, flags);
	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	if (fstat(fd, ret_st) < 0 || (!S_ISREG(ret_st->st_mode) && !S_ISBLK(ret_st->st_mode))) {
		close(fd);
		return error_make(err, EINVAL, "'%s' is neither a regular file nor a block device",
				  path);
	}
	end = lseek(fd, 0, SEEK_END);
	if (end < 0) {
		int r = error_sys(err, errno, "cannot find the size of '%s'", path);

		close(fd);
		return r;
	}
	*ret_size = (uint64_t)end;
	return fd;
}

/* A guest cannot change the size: of another size it is another image in the same file. */
static bool was_raw(int fd, uint64_t size)
{
	uint8_t then[8];

	return fgetxattr(fd, RAW_MARK, then, sizeof(then)) == sizeof(then) &&
	       get_le64(then) == size;
}

/* Takes fd, on failure too. */
static int wrap(int fd, const char *name, uint64_t size, const struct stat *st, bool read_only,
		struct source **ret, struct error **err)
{
	const char *loses = read_only ? NULL : hostfs_loses_data(fd);
	struct file_source *f;

	if (loses) {
		close(fd);
		return error_make(err, EROFS,
				  "'%s' is a %s: replace it by a copy without holes (cp "
				  "--sparse=never) in a directory that is not compressed",
				  name, loses);
	}
	f = calloc(1, sizeof(*f));
	if (f)
		f->source.name = strdup(name);
	if (!f || !f->source.name) {
		free(f);
		close(fd);
		return error_sys(err, ENOMEM, "cannot open '%s'", name);
	}
	f->source.ops = &file_ops;
	f->source.size = size;
	f->source.device = st->st_dev;
	f->source.inode = st->st_ino;
	f->source.read_only = read_only;
	f->fd = fd;
	f->source.was_raw = was_raw(fd, size);
	f->reserves = !read_only && S_ISREG(st->st_mode) && hostfs_reserves_space(fd);
	*ret = &f->source;
	return 0;
}

int source_file_open(const char *path, bool read_only, struct source **ret, struct error **err)
{
	uint64_t size = 0;
	struct stat st;
	int fd;

	fd = open_measured(path, read_only, &size, &st, err);
	return fd < 0 ? fd : wrap(fd, path, size, &st, read_only, ret, err);
}

int source_file_adopt(int fd, const char *name, bool read_only, struct source **ret,
		      struct error **err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_make(err, EINVAL, "'%s' is not a regular file", name);
	}
	return wrap(fd, name, (uint64_t)st.st_size, &st, read_only, ret, err);
}

void source_file_remember_raw(struct source *source, bool raw)
{
	int fd = source_file_fd(source);
	uint8_t size[8];

	if (fd < 0 || source->read_only || source->was_raw == raw)
		return;
	put_le64(size, source->size);
	/* a file system without attributes forgets */
	if ((raw ? fsetxattr(fd, RAW_MARK, size, sizeof(size), 0) : fremovexattr(fd, RAW_MARK)) ==
	    0)
		source->was_raw = raw;
}

/*
 * As a reader we take the bytes by which qemu says that it does not want others to write or resize
 * (block/file-posix.c: RAW_LOCK_SHARED_BASE 200 + BLK_PERM_WRITE 1 .. BLK_PERM_RESIZE 3), so that
 * its readers and we get on; as a writer all bytes.
 */
#define QEMU_UNSHARED_WRITE 201
#define QEMU_UNSHARED_COUNT 3

int source_file_lock(const struct source *source, struct error **err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (source->read_only) {
		lock.l_type = F_RDLCK;
		lock.l_start = QEMU_UNSHARED_WRITE;
		lock.l_len = QEMU_UNSHARED_COUNT;
	}
	if (fcntl(source_file_fd(source), F_OFD_SETLK, &lock) == 0 ||
	    (errno != EAGAIN && errno != EACCES))
		return 0;
	return error_make(err, EBUSY, "%s: in use: another program %s it, end that first",
			  source->name, source->read_only ? "writes" : "uses");
}

int source_file_fd(const struct source *source)
{
	if (source->ops != &file_ops)
		return -1;
	return ((const struct file_source *)source)->fd;
}
