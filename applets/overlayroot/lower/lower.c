// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/lower/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "applets/lib/mountutil.h"
#include "applets/overlayroot/lower/directory-id.h"
#include "common/hash.h"
#include "common/msg.h"

/* To tell images apart that have no UUID (squashfs): by superblock with its time, sizes and counts.
 */
static int hash_head(int fd, uint64_t *ret)
{
	uint8_t head[4096];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return -errno;
	*ret = hash_bytes(head, (size_t)n);
	return 0;
}

static int content_size(int fd, const struct stat *st, uint64_t *ret)
{
	*ret = (uint64_t)st->st_size;
	if (S_ISBLK(st->st_mode) && ioctl(fd, BLKGETSIZE64, ret) < 0)
		return -errno;
	return 0;
}

static int make_id(struct lower *lower, const struct stat *st, struct error **err)
{
	_cleanup_close_ int fd = open(lower->path, O_RDONLY | O_CLOEXEC);
	uint64_t size, hash = 0;

	if (fd < 0)
		return error_sys(err, errno, "cannot open lower '%s'", lower->path);
	if (content_size(fd, st, &size) < 0 || (!*lower->fs.uuid && hash_head(fd, &hash) < 0))
		return error_sys(err, errno, "cannot read lower '%s'", lower->path);
	if (*lower->fs.uuid)
		snprintf(lower->id, sizeof(lower->id), "%s %s %llu", lower->fs.type, lower->fs.uuid,
			 (unsigned long long)size);
	else
		snprintf(lower->id, sizeof(lower->id), "%s %016llx %llu", lower->fs.type,
			 (unsigned long long)hash, (unsigned long long)size);
	return 0;
}

static int inspect_content(struct lower *lower, const struct stat *st, struct error **err)
{
	int r = fs_probe(lower->path, 0, &lower->fs, err);

	if (r == -ENOENT)
		return error_make(err, r,
				  "lower '%s' has no file system that is known: expected squashfs, "
				  "erofs, ext4, iso9660 or the like (a disk image with partitions "
				  "needs vdattach first)",
				  lower->path);
	if (r < 0)
		return error_wrap(err, "lower '%s'", lower->path);
	return make_id(lower, st, err);
}

static int inspect_dir(struct lower *lower, struct error **err)
{
	int start = snprintf(lower->id, sizeof(lower->id), "dir ");

	lower->kind = LOWER_DIR;
	return directory_id(lower->path, lower->id + start, sizeof(lower->id) - (size_t)start, err);
}

int lower_inspect(const char *path, struct lower *ret, struct error **err)
{
	struct lower lower = { .path = path };
	struct stat st;
	int r;

	if (stat(path, &st) < 0)
		return error_sys(err, errno, "lower '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		r = inspect_dir(&lower, err);
		if (r == 0)
			*ret = lower;
		return r;
	}
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return error_make(
			err, EINVAL,
			"lower '%s': expected a directory, an image file or a block device", path);
	lower.kind = S_ISREG(st.st_mode) ? LOWER_IMAGE : LOWER_DEVICE;
	r = inspect_content(&lower, &st, err);
	if (r == 0)
		*ret = lower;
	return r;
}

/* The option that leaves a journal alone. NULL: the type has none. */
static const char *no_replay(const char *type)
{
	static const struct {
		const char *type, *option;
	} table[] = { { "ext4", "noload" },
		      { "ext3", "noload" },
		      { "xfs", "norecovery,nouuid" },
		      { "btrfs", "rescue=nologreplay" },
		      { "f2fs", "norecovery" } };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].type, type) == 0)
			return table[i].option;
	return NULL;
}

static int mount_content(const struct lower *lower, struct stack *stack, const char *device,
			 struct error **err)
{
	_cleanup_error_ struct error *first = NULL;
	const char *option = no_replay(lower->fs.type);
	/* it may be a copy of the file system that it lies on */
	const char *copy = strcmp(lower->fs.type, "xfs") == 0 ? "nouuid" : NULL;
	int r = stack_mount(stack, device, lower->mountpoint, lower->fs.type, MS_RDONLY, copy,
			    &first);

	if (r == 0)
		return 0;
	/* a journal that has to be replayed, on a device that cannot be written */
	if ((r != -EROFS && r != -EACCES) || !option ||
	    stack_mount(stack, device, lower->mountpoint, lower->fs.type, MS_RDONLY, option, NULL) <
		    0)
		return error_move(err, steal_ptr(&first));
	msg(MSG_WARNING,
	    "lower '%s' was not unmounted cleanly: used as it is, without its journal (%s)",
	    lower->path, option);
	return 0;
}

static int mount_image(const struct lower *lower, struct stack *stack, struct error **err)
{
	struct loop_request req = {
		.path = lower->path, .fd = -1, .read_only = true, .direct_io = true
	};
	_cleanup_free_ char *device = NULL;
	int r = stack_loop(stack, &req, &device, err);

	return r < 0 ? r : mount_content(lower, stack, device, err);
}

/* A bind mount, so that names with colons and commas need no escaping in overlay's options. */
static int mount_dir(const struct lower *lower, struct stack *stack, struct error **err)
{
	int r = stack_mount(stack, lower->path, lower->mountpoint, NULL, MS_BIND, NULL, err);

	if (r < 0)
		return r;
	return mount_fs(NULL, lower->mountpoint, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL, err);
}

int lower_mount(struct lower *lower, struct stack *stack, const char *run, unsigned int n,
		struct error **err)
{
	if (asprintf(&lower->mountpoint, "%s/lower%u", run, n) < 0) {
		lower->mountpoint = NULL;
		return error_sys(err, ENOMEM, "lower '%s'", lower->path);
	}
	switch (lower->kind) {
	case LOWER_DIR:
		return mount_dir(lower, stack, err);
	case LOWER_IMAGE:
		return mount_image(lower, stack, err);
	case LOWER_DEVICE:
		return mount_content(lower, stack, lower->path, err);
	}
	return 0;
}

void lower_release(struct lower *lower)
{
	free(lower->mountpoint);
	lower->mountpoint = NULL;
}
