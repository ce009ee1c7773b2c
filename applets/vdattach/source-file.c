// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/vdattach/source.h"

struct file_source {
	struct source source;
	int fd;
};

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
	return fdatasync(file_fd(source)) < 0 ? -errno : 0;
}

static int file_resize(struct source *source, uint64_t size)
{
	struct stat st;

	if (fstat(file_fd(source), &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOSPC;
	return ftruncate(file_fd(source), (off_t)size) < 0 ? -errno : 0;
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
	close(file_fd(source));
	free((struct file_source *)source);
}

static const struct source_ops file_ops = {
	.pread = file_pread,
	.pwrite = file_pwrite,
	.flush = file_flush,
	.resize = file_resize,
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
		return error_sys(err, errno, "open '%s'", path);
	if (fstat(fd, ret_st) < 0 || (!S_ISREG(ret_st->st_mode) && !S_ISBLK(ret_st->st_mode))) {
		close(fd);
		return error_make(err, EINVAL, "'%s' is neither a regular file nor a block device",
				  path);
	}
	end = lseek(fd, 0, SEEK_END);
	if (end < 0) {
		int r = error_sys(err, errno, "find the size of '%s'", path);

		close(fd);
		return r;
	}
	*ret_size = (uint64_t)end;
	return fd;
}

/* Takes fd, on failure too. */
static int wrap(int fd, const char *name, uint64_t size, const struct stat *st, bool read_only,
		struct source **ret, struct error **err)
{
	struct file_source *f = calloc(1, sizeof(*f));

	if (f)
		f->source.name = strdup(name);
	if (!f || !f->source.name) {
		free(f);
		close(fd);
		return error_sys(err, ENOMEM, "open '%s'", name);
	}
	f->source.ops = &file_ops;
	f->source.size = size;
	f->source.device = st->st_dev;
	f->source.inode = st->st_ino;
	f->source.read_only = read_only;
	f->fd = fd;
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
	return error_make(err, EBUSY, "%s: another program %s it: end that first", source->name,
			  source->read_only ? "writes" : "uses");
}

int source_file_fd(const struct source *source)
{
	if (source->ops != &file_ops)
		return -1;
	return ((const struct file_source *)source)->fd;
}
