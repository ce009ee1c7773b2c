// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store-file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "applets/lib/fsprobe.h"
#include "applets/lib/mountutil.h"
#include "applets/lib/msg.h"
#include "applets/overlayroot/extfs.h"

#define DEFAULT_SIZE GIB
#define LEAST_SIZE   (16 * MIB)
/* FAT's 4 GiB - 1, in whole MiB */
#define FAT_LIMIT (4095 * MIB)

int store_file_size(const struct size_spec *size, uint64_t room, uint64_t limit, uint64_t *ret,
		    struct error **err)
{
	uint64_t usable = room - room / 10, want;

	want = !size->given    ? MIN(DEFAULT_SIZE, usable)
	       : size->percent ? MIN(room / 100 * size->value, usable)
			       : size->value;
	if (want > limit) {
		msg(MSG_WARNING, "a file here can have %llu MiB at most: that instead of %llu MiB",
		    (unsigned long long)(limit / MIB), (unsigned long long)(want / MIB));
		want = limit;
	}
	want -= want % MIB;
	if (want > usable || want < LEAST_SIZE)
		return error_make(err, ENOSPC,
				  "the store needs %llu MiB, have %llu MiB (10 %% stay free): free "
				  "some room or name a size",
				  (unsigned long long)(MAX(want, LEAST_SIZE) / MIB),
				  (unsigned long long)(usable / MIB));
	*ret = want;
	return 0;
}

struct room {
	uint64_t room, limit;
	bool fat;
};

static int look_at_room(const char *path, struct room *ret, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);
	struct statfs fs;

	if (!copy)
		return error_sys(err, ENOMEM, "'%s'", path);
	if (statfs(dirname(copy), &fs) < 0)
		return error_sys(err, errno, "'%s'", path);
	ret->fat = fs.f_type == MSDOS_SUPER_MAGIC;
	ret->limit = ret->fat ? FAT_LIMIT : INT64_MAX;
	ret->room = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	return 0;
}

/* Zeros from offset to size, with a word now and then: on a slow stick it takes minutes. */
static int write_zeros(int fd, uint64_t offset, uint64_t size)
{
	const size_t chunk = MIB;
	_cleanup_free_ void *zeros = calloc(1, chunk);
	uint64_t start = offset, told = 0;
	ssize_t n;

	if (!zeros)
		return -ENOMEM;
	while (offset < size) {
		n = pwrite(fd, zeros, (size_t)MIN(chunk, size - offset), (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		offset += (uint64_t)n;
		if ((offset - start) * 4 / (size - start) > told && size - start >= 256 * MIB) {
			told = (offset - start) * 4 / (size - start);
			msg(MSG_INFO, "store: %llu %%", (unsigned long long)told * 25);
		}
	}
	return 0;
}

/*
 * The file has size bytes that read as zeros and are really there: a hole that cannot be filled
 * later would be an I/O error of the root. On FAT the kernel fills up by itself, silently: we do it
 * aloud.
 */
static int extend(int fd, uint64_t offset, uint64_t size, bool fat)
{
	struct stat st;

	if (!fat && fallocate(fd, 0, (off_t)offset, (off_t)(size - offset)) == 0)
		return 0;
	if (!fat && errno == ENOSPC)
		return -ENOSPC;
	if (!fat && ftruncate(fd, (off_t)size) == 0 && fstat(fd, &st) == 0 &&
	    (uint64_t)st.st_blocks * 512 >= size)
		return 0;
	return write_zeros(fd, offset, size);
}

static int fill_new(const char *path, uint64_t size, bool fat, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return error_sys(err, errno, "make '%s'", path);
	msg(MSG_INFO, "making a store of %llu MiB", (unsigned long long)(size / MIB));
	r = extend(fd, 0, size, fat);
	if (r < 0)
		return error_sys(err, r, "fill '%s'", path);
	r = extfs_make(path, true, err);
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? error_sys(err, errno, "write '%s'", path) : 0;
}

static int sync_parent(const char *path, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd =
		copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	/* some file systems cannot sync a directory: then syncfs is all there is */
	if (fd < 0 || (fsync(fd) < 0 && syncfs(fd) < 0))
		return error_sys(err, errno, "write the directory of '%s'", path);
	return 0;
}

/* Under another name until it is whole: a power cut leaves no half-made store to mount. */
static int create(const char *path, const struct size_spec *spec, struct error **err)
{
	_cleanup_free_ char *temp = NULL, *parent = strdup(path);
	struct room room = { 0 };
	uint64_t size = 0;
	int r;

	if (!parent || asprintf(&temp, "%s.new", path) < 0)
		return error_sys(err, ENOMEM, "make '%s'", path);
	r = make_dirs(dirname(parent), 0755, err);
	unlink(temp);
	if (r == 0)
		r = look_at_room(path, &room, err);
	if (r == 0)
		r = store_file_size(spec, room.room, room.limit, &size, err);
	if (r == 0)
		r = fill_new(temp, size, room.fat, err);
	if (r == 0 && rename(temp, path) < 0)
		r = error_sys(err, errno, "rename '%s'", temp);
	if (r < 0) {
		unlink(temp);
		return r;
	}
	return sync_parent(path, err);
}

/* What the file should have: more room, when more was asked for and is there. */
static int wanted_size(const char *path, const struct size_spec *spec, uint64_t now, uint64_t *ret,
		       struct error **err)
{
	struct room room;
	uint64_t want = MIN(spec->value - spec->value % MIB, (uint64_t)INT64_MAX);
	int r = look_at_room(path, &room, err);

	*ret = now;
	if (r < 0)
		return r;
	want = MIN(want, room.limit);
	if (want <= now)
		return 0;
	if (want - now > room.room - room.room / 10) {
		msg(MSG_WARNING, "'%s' stays at %llu MiB: %llu MiB more need room, have %llu MiB",
		    path, (unsigned long long)(now / MIB), (unsigned long long)((want - now) / MIB),
		    (unsigned long long)(room.room / MIB));
		return 0;
	}
	*ret = want;
	return 0;
}

static int enlarge(const char *path, uint64_t now, uint64_t want, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	struct room room;
	int r;

	if (fd < 0)
		return error_sys(err, errno, "open '%s'", path);
	r = look_at_room(path, &room, err);
	if (r < 0)
		return r;
	msg(MSG_INFO, "'%s' grows from %llu to %llu MiB", path, (unsigned long long)(now / MIB),
	    (unsigned long long)(want / MIB));
	r = extend(fd, now, want, room.fat);
	if (r < 0 || fsync(fd) < 0)
		return error_sys(err, r < 0 ? r : errno, "grow '%s'", path);
	return 0;
}

static int inspect(const char *path, struct fs_info *info, struct error **err)
{
	int r = fs_probe(path, 0, info, err);

	if (r == -ENOENT || (r == 0 && strcmp(info->type, "crypto_LUKS") == 0))
		return error_make(err, EINVAL,
				  "'%s' holds %s, no file system to write to: remove it, and it is "
				  "made anew, or name another file",
				  path, r == 0 ? "an encrypted volume" : "something unknown");
	return r;
}

/*
 * The file may have become larger than its file system: by us now, by a boot that was cut off in
 * between, or by the user. One that cannot be grown is still a good store.
 */
static void fill_file(const char *path, uint64_t file_size, const char *target)
{
	_cleanup_error_ struct error *err = NULL;
	uint64_t fs_size = extfs_size(path);

	if (fs_size == 0 || file_size < fs_size + MIB)
		return;
	if (extfs_grow(target, file_size, &err) < 0)
		msg(MSG_WARNING, "%s: it keeps its size", error_msg(err));
}

/* A file that exists: e2fsck if need be, grown if asked for, attached and mounted. */
static int mount_existing(const char *path, const struct size_spec *size, struct stack *stack,
			  const char *target, struct fs_info *info, struct error **err)
{
	struct loop_request req = { .path = path, .fd = -1, .direct_io = true };
	_cleanup_free_ char *device = NULL;
	uint64_t want, now;
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return error_sys(err, errno, "'%s'", path);
	now = want = (uint64_t)st.st_size;
	r = extfs_type(info->type) ? extfs_check(path, err) : 0;
	if (r == 0 && size->given && !size->percent && extfs_type(info->type))
		r = wanted_size(path, size, now, &want, err);
	if (r == 0 && want > now)
		r = enlarge(path, now, want, err);
	if (r == 0)
		r = stack_loop(stack, &req, &device, err);
	if (r == 0)
		r = stack_mount(stack, device, target, info->type, 0, NULL, err);
	if (r == 0)
		fill_file(path, want, target);
	return r;
}

int store_file_mount(const char *path, const struct size_spec *size, struct stack *stack,
		     const char *target, struct error **err)
{
	struct fs_info info;
	struct stat st = { 0 };
	int r;

	if (stat(path, &st) < 0 && errno != ENOENT)
		return error_sys(err, errno, "'%s'", path);
	if (st.st_mode && !S_ISREG(st.st_mode))
		return error_make(err, EINVAL, "'%s': expected a regular file", path);
	if (st.st_size == 0) {
		r = create(path, size, err);
		if (r < 0)
			return r;
	}
	r = inspect(path, &info, err);
	if (r < 0)
		return r;
	return mount_existing(path, size, stack, target, &info, err);
}
