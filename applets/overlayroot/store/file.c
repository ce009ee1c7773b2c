// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/fsprobe.h"
#include "applets/lib/hostfs.h"
#include "applets/lib/mountutil.h"
#include "applets/overlayroot/store/extfs.h"
#include "applets/overlayroot/store/parts.h"
#include "common/msg.h"

#define DEFAULT_SIZE GIB
#define LEAST_SIZE   (16 * MIB)
#define LEAST_GROWTH (512 * MIB)

int store_file_size(const struct size_spec *size, uint64_t room, uint64_t limit, uint64_t *ret,
		    struct error **err)
{
	uint64_t usable = room - room / 10, want;

	want = !size->given    ? MIN(DEFAULT_SIZE, usable)
	       : size->percent ? MIN(room / 100 * size->value, usable)
			       : size->value;
	if (want > limit) {
		msg(MSG_WARNING,
		    "a store here is limited to %llu MiB: using that instead of %llu MiB",
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

/* file_limit: 0, or what one file may have besides what its file system says */
static int store_file_look(const char *path, uint64_t file_limit, struct room *ret,
			   struct error **err)
{
	int r = room_look(path, ret, err);

	if (file_limit)
		ret->limit = MIN(ret->limit, file_limit);
	return r;
}

/* Under another name until it is whole: a power cut leaves no half-made store to mount. */
static int fill_new(struct store_parts *parts, uint64_t size, const struct room *room,
		    struct error **err)
{
	_cleanup_free_ char *device = NULL;
	struct stack stack = { 0 };
	char mapped[32] = "";
	int r;

	msg(MSG_INFO, "making a store of %llu MiB", (unsigned long long)(size / MIB));
	r = parts_extend(parts, size, room, err);
	if (r == 0 && parts->count == 1)
		return extfs_make(parts->first, true, err);
	if (r == 0)
		r = parts_attach(parts, &stack, &device, mapped, err);
	if (r == 0)
		r = extfs_make(device, true, err);
	parts_release(mapped);
	stack_undo(&stack);
	stack_release(&stack);
	return r;
}

static int sync_file(const char *path, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? error_sys(err, errno, "cannot write '%s'", path) : 0;
}

static int create(const char *path, const struct size_spec *spec, uint64_t file_limit,
		  struct error **err)
{
	_cleanup_free_ char *temp = NULL, *parent = strdup(path);
	struct store_parts parts = { .path = path };
	struct room room = { 0 };
	uint64_t size = 0;
	int r;

	if (!parent || asprintf(&temp, "%s.new", path) < 0) {
		temp = NULL;
		return error_sys(err, ENOMEM, "cannot make '%s'", path);
	}
	parts.first = temp;
	r = make_dirs(dirname(parent), 0755, err);
	unlink(temp);
	if (r == 0)
		r = store_file_look(path, file_limit, &room, err);
	if (r == 0)
		r = store_file_size(spec, room.room, parts_limit(room.limit), &size, err);
	if (r == 0)
		r = fill_new(&parts, size, &room, err);
	if (r == 0)
		r = sync_file(temp, err);
	if (r == 0 && rename(temp, path) < 0)
		r = error_sys(err, errno, "cannot rename '%s'", temp);
	if (r < 0) {
		unlink(temp);
		return r;
	}
	/* again: FAT gives it the length 0 until then (linux/fs/fat/namei_vfat.c, vfat_rename()) */
	r = sync_file(path, err);
	return r < 0 ? r : sync_parent(path, err);
}

/*
 * What the store should have: more room, when more was asked for, or, without a word about the
 * size, when less than an eighth is free; as far as there is room.
 */
static int wanted_size(const struct store_parts *parts, const struct size_spec *spec,
		       const struct room *room, uint64_t *ret)
{
	uint64_t now = parts->total, want = now, usable = room->room - room->room / 10;

	*ret = now;
	if (spec->given && !spec->percent)
		want = spec->value - spec->value % MIB;
	else if (!spec->given && extfs_free(parts->path) < now / 8)
		want = now + MIN(MAX(now / 2, LEAST_GROWTH), usable - usable % MIB);
	want = MIN(want, parts_limit(room->limit));
	if (want <= now)
		return 0;
	if (want - now > usable) {
		msg(MSG_WARNING, "'%s' stays at %llu MiB: %llu MiB more need room, have %llu MiB",
		    parts->path, (unsigned long long)(now / MIB),
		    (unsigned long long)((want - now) / MIB),
		    (unsigned long long)(room->room / MIB));
		return 0;
	}
	*ret = want;
	return 1;
}

static int enlarge(struct store_parts *parts, const struct size_spec *spec, uint64_t file_limit,
		   struct error **err)
{
	struct room room;
	uint64_t want;
	int r = store_file_look(parts->path, file_limit, &room, err);

	if (r < 0 || !wanted_size(parts, spec, &room, &want))
		return r;
	msg(MSG_INFO, "'%s' grows from %llu to %llu MiB", parts->path,
	    (unsigned long long)(parts->total / MIB), (unsigned long long)(want / MIB));
	return parts_extend(parts, want, &room, err);
}

static int store_file_inspect(const char *path, struct fs_info *info, struct error **err)
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

/* A copy of a store may have holes, which a store that was made here has not. */
static int check_holes(const char *path, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *loses = fd < 0 ? NULL : hostfs_loses_data(fd);

	if (!loses)
		return 0;
	return error_make(err, EROFS,
			  "'%s' is a %s: replace it by a copy without holes (cp --sparse=never) in "
			  "a directory that is not compressed",
			  path, loses);
}

/* A store that exists: grown if need be, attached, e2fsck if need be, mounted. */
static int mount_existing(const struct store_file *file, struct stack *stack, const char *target,
			  const struct fs_info *info, struct error **err)
{
	_cleanup_free_ char *device = NULL;
	struct store_parts parts;
	char mapped[32] = "";
	const bool ext = extfs_type(info->type);
	int r = parts_look(file->path, &parts, err);

	if (r == 0 && ext && parts.count == 1)
		r = extfs_check(file->path, err);
	if (r == 0 && ext)
		r = enlarge(&parts, &file->size, file->file_limit, err);
	if (r == 0)
		r = parts_attach(&parts, stack, &device, mapped, err);
	if (r == 0 && ext && parts.count > 1)
		r = extfs_check(device, err);
	if (r == 0)
		r = stack_mount(stack, device, target, info->type, 0, NULL, err);
	/* goes by itself when the store is unmounted, or now when it could not be mounted */
	parts_release(mapped);
	if (r == 0)
		fill_file(file->path, parts.total, target);
	return r;
}

int store_file_mount(const struct store_file *file, struct stack *stack, const char *target,
		     struct error **err)
{
	const char *path = file->path;
	struct fs_info info;
	struct stat st = { 0 };
	int r;

	if (stat(path, &st) < 0 && errno != ENOENT)
		return error_sys(err, errno, "'%s'", path);
	if (st.st_mode && !S_ISREG(st.st_mode))
		return error_make(err, EINVAL, "'%s': expected a regular file", path);
	if (st.st_size == 0) {
		r = create(path, &file->size, file->file_limit, err);
		if (r < 0)
			return r;
	}
	r = check_holes(path, err);
	if (r == 0)
		r = store_file_inspect(path, &info, err);
	if (r < 0)
		return r;
	return mount_existing(file, stack, target, &info, err);
}
