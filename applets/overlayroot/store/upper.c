// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/upper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "applets/lib/fsprobe.h"
#include "applets/lib/mountutil.h"
#include "applets/overlayroot/store/extfs.h"
#include "applets/overlayroot/store/file.h"
#include "applets/overlayroot/store/probe.h"
#include "common/msg.h"

/* In the root of a device that is ours to use, but not ours alone. */
#define DEVICE_DIR ".mkvinitrd"
#define DIR_FILE   "upper.img"

struct job {
	const struct upper_spec *spec;
	const struct upper_config *config;
	struct stack *stack;
	char *target; /* RUN/upper */
	struct upper *upper;
};

static char *upper_join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static int upper_describe(struct job *job, const char *kind, const char *path, struct error **err)
{
	free(job->upper->what);
	if (asprintf(&job->upper->what, "%s:%s", kind, path) < 0)
		job->upper->what = NULL;
	return job->upper->what ? 0 : error_no_memory(err);
}

static int open_ram(struct job *job, struct error **err)
{
	const struct size_spec *size = &job->spec->size;
	char text[32] = "50%", inodes[40] = "", options[96];
	int r;

	if (size->given)
		snprintf(text, sizeof(text), "%llu%s", (unsigned long long)size->value,
			 size->percent ? "%" : "");
	if (job->spec->inodes)
		snprintf(inodes, sizeof(inodes), ",nr_inodes=%llu",
			 (unsigned long long)job->spec->inodes);
	snprintf(options, sizeof(options), "mode=0755,size=%s%s", text, inodes);
	r = stack_mount(job->stack, "upper", job->target, "tmpfs", 0, options, err);
	return r < 0 ? r : upper_describe(job, "ram", text, err);
}

static int open_file(struct job *job, const char *path, struct error **err)
{
	struct store_file file = { path, job->spec->size, job->config->file_limit };
	int r = store_file_mount(&file, job->stack, job->target, err);

	if (r < 0)
		return error_wrap(err, "upper file '%s'", path);
	return upper_describe(job, "file", path, err);
}

/* Uses dir itself, through a bind mount: upper and work must be on one mount. */
static int bind_dir(struct job *job, const char *dir, struct error **err)
{
	int r = stack_mount(job->stack, dir, job->target, NULL, MS_BIND, NULL, err);

	return r < 0 ? r : upper_describe(job, "dir", dir, err);
}

/* A store that began as a file stays one: its changes must not be forgotten where a directory would
 * do. */
static bool has_file(const char *dir, const char *file)
{
	_cleanup_free_ char *upper = upper_join(dir, "upper");
	struct stat st;

	return upper && stat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	       access(upper, F_OK) < 0;
}

static int open_dir(struct job *job, const char *dir, struct error **err)
{
	_cleanup_free_ char *file = upper_join(dir, DIR_FILE);
	const char *reason = NULL;
	int r;

	if (!file)
		return error_no_memory(err);
	r = make_dirs(dir, 0755, err);
	if (r < 0)
		return error_wrap(err, "upper directory '%s'", dir);
	if (has_file(dir, file))
		return open_file(job, file, err);
	r = probe_upper(dir, job->config->run, &reason, err);
	if (r < 0)
		return error_wrap(err, "upper directory '%s'", dir);
	if (r > 0)
		return bind_dir(job, dir, err);
	msg(MSG_INFO, "'%s' cannot hold the changes as files (%s): using the file %s", dir, reason,
	    file);
	return open_file(job, file, err);
}

static int check_device(const char *device, struct error **err)
{
	_cleanup_close_ int fd = open(device, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int read_only = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "upper device '%s'", device);
	if (!S_ISBLK(st.st_mode))
		return error_make(err, ENOTBLK, "upper device '%s' is no block device", device);
	if (ioctl(fd, BLKROGET, &read_only) == 0 && read_only)
		return error_make(err, EROFS, "upper device '%s' is read-only", device);
	return 0;
}

/* Never formats what it was not told to format, and nothing that holds anything. */
static int identify_device(struct job *job, const char *device, struct fs_info *info,
			   struct error **err)
{
	int r = fs_probe(device, 0, info, err);

	if (r == -ENOENT && job->config->format) {
		error_release(err);
		msg(MSG_INFO, "formatting %s as requested", device);
		r = extfs_make(device, false, err);
		return r < 0 ? r : fs_probe(device, 0, info, err);
	}
	if (r == -ENOENT)
		return error_make(
			err, r,
			"upper device '%s' has no file system: make one with 'mkfs.ext4 %s', "
			"or allow it with --format",
			device, device);
	if (r < 0)
		return error_wrap(err, "upper device '%s'", device);
	if (strcmp(info->type, "crypto_LUKS") == 0)
		return error_make(err, EINVAL, "upper device '%s' is encrypted: open it first",
				  device);
	return 0;
}

static int open_device(struct job *job, const char *device, struct error **err)
{
	_cleanup_free_ char *store = upper_join(job->config->run, "store"), *dir = NULL;
	struct fs_info info;
	int r = check_device(device, err);

	if (r == 0)
		r = identify_device(job, device, &info, err);
	if (r == 0 && extfs_type(info.type))
		r = extfs_check(device, err);
	if (r < 0)
		return r;
	dir = store ? upper_join(store, DEVICE_DIR) : NULL;
	if (!dir)
		return error_no_memory(err);
	/* the disk may be a copy of the one that the image is on */
	r = stack_mount(job->stack, device, store, info.type, 0,
			strcmp(info.type, "xfs") == 0 ? "nouuid" : NULL, err);
	if (r == 0)
		r = open_dir(job, dir, err);
	if (r < 0)
		return error_wrap(err, "upper device '%s' (%s)", device, info.type);
	return upper_describe(job, "device", device, err);
}

static int open_kind(struct job *job, struct error **err)
{
	const char *path = job->spec->path;

	switch (job->spec->kind) {
	case UPPER_RAM:
		return open_ram(job, err);
	case UPPER_DIR:
		return open_dir(job, path, err);
	case UPPER_FILE:
		return open_file(job, path, err);
	case UPPER_DEVICE:
		return open_device(job, path, err);
	}
	return error_make(err, EINVAL, "upper");
}

/* The type of what is mounted on target, for the result lines. */
static void read_type(struct upper *upper)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;

	while (mounts && (entry = getmntent(mounts)))
		if (strcmp(entry->mnt_dir, upper->base) == 0)
			snprintf(upper->type, sizeof(upper->type), "%s", entry->mnt_type);
	if (mounts)
		endmntent(mounts);
}

int upper_open(const struct upper_spec *spec, const struct upper_config *config,
	       struct stack *stack, struct upper *ret, struct error **err)
{
	struct job job = { .spec = spec, .config = config, .stack = stack, .upper = ret };
	int r;

	*ret = (struct upper){ .persistent = spec->kind != UPPER_RAM };
	ret->base = job.target = upper_join(config->run, "upper");
	if (!job.target)
		return error_no_memory(err);
	r = open_kind(&job, err);
	if (r == 0)
		read_type(ret);
	return r;
}

void upper_warn_space(const struct upper *upper)
{
	struct statvfs fs;
	uint64_t room, total;

	if (!upper->persistent || statvfs(upper->base, &fs) < 0)
		return;
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	total = (uint64_t)fs.f_blocks * fs.f_frsize;
	/* a store may be small on purpose */
	if (room < total / 10 || (room < 64 * MIB && room < total / 2))
		msg(MSG_WARNING, "%s is nearly full: %llu of %llu MiB are free", upper->what,
		    (unsigned long long)(room / MIB), (unsigned long long)(total / MIB));
}

void upper_release(struct upper *upper)
{
	free(upper->base);
	free(upper->what);
	*upper = (struct upper){ 0 };
}
