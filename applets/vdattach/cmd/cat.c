// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/vdattach/cmd/cmd.h"
#include "common/file.h"

#define CHUNK (64 * 1024u)

struct target {
	const char *name; /* for messages */
	int fd;
	bool sparse; /* zeros may be left out: a regular file that was empty */
};

static int put_bytes(const struct target *target, const uint8_t *p, size_t n, struct error **err)
{
	int r = write_all(target->fd, p, n);

	return r < 0 ? error_sys(err, r, "cannot write to '%s'", target->name) : 0;
}

static int put_zeros(const struct target *target, uint8_t *buf, uint64_t n, struct error **err)
{
	int r = 0;

	if (target->sparse) {
		if (lseek(target->fd, (off_t)n, SEEK_CUR) < 0)
			return error_sys(err, errno, "cannot seek in '%s'", target->name);
		return 0;
	}
	memset(buf, 0, CHUNK);
	while (n > 0 && r == 0) {
		size_t part = (size_t)MIN(n, (uint64_t)CHUNK);

		r = put_bytes(target, buf, part, err);
		n -= part;
	}
	return r;
}

static int put_data(const struct target *target, struct source *source, uint8_t *buf,
		    uint64_t offset, uint64_t n, struct error **err)
{
	int r = 0;

	while (n > 0 && r == 0) {
		size_t part = (size_t)MIN(n, (uint64_t)CHUNK);

		r = source_pread(source, buf, part, offset, err);
		if (r == 0)
			r = put_bytes(target, buf, part, err);
		offset += part;
		n -= part;
	}
	return r;
}

/* Stops at the first error: what is behind it would be at a wrong place in a pipe. */
static int copy(const struct target *target, struct source *source, struct error **err)
{
	uint8_t buf[CHUNK];
	uint64_t offset = 0;
	int r = 0;

	while (offset < source->size && r == 0) {
		struct source_extent extent;

		r = source_extent(source, offset, &extent, err);
		if (r < 0)
			return r;
		if (extent.zero)
			r = put_zeros(target, buf, extent.length, err);
		else
			r = put_data(target, source, buf, offset, extent.length, err);
		offset += extent.length;
	}
	/* gives the last hole its length, and a full disk its chance to say so */
	if (r == 0 && target->sparse &&
	    (ftruncate(target->fd, (off_t)source->size) < 0 || fsync(target->fd) < 0))
		r = error_sys(err, errno, "cannot write to '%s'", target->name);
	return r;
}

static int refuse_same_file(const struct open_disk *disk, const struct target *target,
			    const struct stat *st, struct error **err)
{
	for (const struct vd_image *i = disk->image; i; i = i->parent) {
		if (i->source->device == st->st_dev && i->source->inode == st->st_ino)
			return error_make(err, EINVAL, "'%s' is the image itself%s", target->name,
					  i == disk->image ? "" : " or a backing file of it");
	}
	return 0;
}

/* Opens -o FILE. Emptied only when it is sure not to be the image. */
static int open_output(const struct open_disk *disk, struct target *target, struct error **err)
{
	struct stat st;
	int r;

	target->fd = open(target->name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (target->fd < 0 || fstat(target->fd, &st) < 0)
		return error_sys(err, errno, "cannot open '%s' for writing", target->name);
	r = refuse_same_file(disk, target, &st, err);
	if (r < 0 || !S_ISREG(st.st_mode))
		return r;
	if (ftruncate(target->fd, 0) < 0)
		return error_sys(err, errno, "cannot empty '%s'", target->name);
	target->sparse = true;
	return 0;
}

int cmd_cat(const struct options *options, struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	struct target target = { .name = "stdout", .fd = STDOUT_FILENO };
	int r;

	r = disk_open_chosen(options, true, &disk, err);
	if (r < 0)
		return r;
	if (!options->output || strcmp(options->output, "-") == 0)
		return copy(&target, disk_source(&disk), err);
	target.name = options->output;
	r = open_output(&disk, &target, err);
	if (r == 0)
		r = copy(&target, disk_source(&disk), err);
	if (target.fd >= 0 && close(target.fd) < 0 && r == 0)
		r = error_sys(err, errno, "cannot write to '%s'", target.name);
	return r;
}
