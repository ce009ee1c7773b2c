// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "applets/findimg/filesystem/ntfs.h"
#include "applets/lib/modreq.h"
#include "common/file.h"
#include "common/msg.h"

#define NTFS_3G "/bin/ntfs-3g"

bool fs_list_has(const char *list, const char *driver)
{
	size_t n = strlen(driver);

	while ((list = strchr(list, '\t'))) {
		list++;
		if (strncmp(list, driver, n) == 0 && (list[n] == '\n' || list[n] == '\0'))
			return true;
	}
	return false;
}

static bool kernel_lists(const char *driver)
{
	char text[8192];

	return read_start(AT_FDCWD, "/proc/filesystems", text, sizeof(text)) > 0 &&
	       fs_list_has(text, driver);
}

static bool has_driver(const char *driver)
{
	if (kernel_lists(driver))
		return true;
	if (module_request(driver) < 0)
		msg(MSG_DEBUG, "no module provides file system '%s'", driver);
	return kernel_lists(driver);
}

static const char *find_driver(const struct fs_type *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(type->drivers) && type->drivers[i]; i++)
		if (has_driver(type->drivers[i]))
			return type->drivers[i];
	return NULL;
}

static void set_oom_score(const char *score)
{
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, score, strlen(score)) < 0)
		msg(MSG_DEBUG, "cannot set oom_score_adj to %s: %s", score, strerror(errno));
}

/*
 * What a process that the root's disk depends on inherits: it is not killed for memory, its own
 * allocations do not wait for writes to itself (PR_SET_IO_FLUSHER, kept across fork and exec), and
 * the signals that an init sends to all processes do not end it: libfuse leaves ignored ones alone
 * (fuse_set_signal_handlers). Unmounting ends it.
 */
static void become_storage(bool on)
{
	static const int ended_by[] = { SIGTERM, SIGHUP, SIGINT };

	for (size_t i = 0; i < ARRAY_SIZE(ended_by); i++)
		signal(ended_by[i], on ? SIG_IGN : SIG_DFL);
	set_oom_score(on ? "-1000" : "0");
	if (prctl(PR_SET_IO_FLUSHER, on, 0, 0, 0) < 0)
		msg(MSG_DEBUG, "PR_SET_IO_FLUSHER: %s", strerror(errno));
}

static int spawn_storage(const char *program, char *const argv[], pid_t *ret_pid)
{
	char *const envp[] = { NULL };
	int r;

	become_storage(true);
	r = posix_spawn(ret_pid, program, NULL, NULL, argv, envp);
	become_storage(false);
	return r;
}

/* ntfs-3g goes to the background once it has mounted, so the end of this process is the mount. */
static int start_ntfs_3g(const char *source, const char *target, bool write, struct error **err)
{
	/* '@': systemd spares such processes at shutdown, https://systemd.io/ROOT_STORAGE_DAEMONS/
	 */
	char name[] = "@ntfs-3g", flag[] = "-o";
	char *options = strdup(write ? "rw,noatime,big_writes,norecover" : "ro,noatime");
	char *from = strdup(source), *to = strdup(target);
	char *const argv[] = { name, flag, options, from, to, NULL };
	int status = 0, r = ENOMEM;
	pid_t pid = -1;

	if (module_request("fuse") < 0)
		msg(MSG_DEBUG, "no module fuse");
	if (options && from && to)
		r = spawn_storage(NTFS_3G, argv, &pid);
	free(options);
	free(from);
	free(to);
	if (r)
		return error_sys(err, r, "cannot run " NTFS_3G);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(err, errno, "cannot wait for " NTFS_3G);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_make(err, EIO, NTFS_3G " refused it (status %d)",
				  WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}

static const char *advice(const char *driver, enum mount_purpose purpose, int code)
{
	if (purpose == MOUNT_WRITE && (code == EROFS || code == EACCES))
		return "; the medium is write-protected";
	if (purpose == MOUNT_WRITE && code == EINVAL && fs_driver_write_data(driver))
		return "; up to Linux 6.8 the driver of this name only reads: build the image "
		       "where ntfs-3g is installed";
	if (code == EBUSY)
		return "; something else uses it";
	return "";
}

static int try_mount(const char *source, const char *target, const struct fs_type *type,
		     const char *driver, enum mount_purpose purpose, const char *more,
		     struct error **err)
{
	bool look = purpose == MOUNT_LOOK;
	const char *data = look ? type->look : fs_driver_write_data(driver);
	char text[128];
	int r;

	snprintf(text, sizeof(text), "%s%s%s", data ? data : "", data && more ? "," : "",
		 more ? more : "");
	if (mount(source, target, driver, look ? MS_RDONLY | MS_NOATIME : MS_NOATIME, text) == 0)
		return 0;
	r = errno;
	return error_make(err, r, "cannot mount %s %s: %s%s", driver,
			  look ? "read-only" : "for writing", strerror(r),
			  advice(driver, purpose, r));
}

static int no_driver(const struct fs_type *type, struct error **err)
{
	const char *other = type->drivers[1];

	return error_make(err, ENODEV, "no driver for %s (module '%s'%s%s%s is not in the image)",
			  type->type, type->drivers[0], other ? " or '" : "", other ? other : "",
			  other ? "'" : "");
}

/*
 * ntfs3 refuses a dirty volume, the driver ntfs mounts it read-only, and ntfs-3g would write to it:
 * the mark is looked at before any of them.
 */
static int check_mark(const char *source, const char *driver, struct error **err)
{
	if (!ntfs_is_dirty(source))
		return 0;
	return error_make(err, EINVAL,
			  "cannot mount %s for writing; the volume is marked dirty: let Windows "
			  "check it (chkdsk /f) and shut down fully, or clear the mark with "
			  "ntfsfix -d",
			  driver ? driver : "ntfs-3g");
}

/*
 * ntfs-3g steps in where there is no driver, where a driver does not manage to read, and where it
 * cannot write at all, so that its data for writing is unknown to it.
 */
static int mount_ntfs(const char *source, const char *target, const struct fs_type *type,
		      enum mount_purpose purpose, struct error **err)
{
	bool spare = access(NTFS_3G, X_OK) == 0, write = purpose == MOUNT_WRITE;
	const char *driver = find_driver(type);
	int r;

	if (!driver && !spare)
		return no_driver(type, err);
	r = write ? check_mark(source, driver, err) : 0;
	if (r < 0)
		return r;
	if (driver) {
		r = try_mount(source, target, type, driver, purpose, NULL, err);
		if (r == 0 || !spare || (write && !(r == -EINVAL && fs_driver_write_data(driver))))
			return r;
		error_release(err);
	}
	return start_ntfs_3g(source, target, write, err);
}

int fs_mount(const char *source, const char *target, const struct fs_type *type,
	     enum mount_purpose purpose, const char *more, struct error **err)
{
	const char *driver;

	if (strcmp(type->type, "ntfs") == 0)
		return mount_ntfs(source, target, type, purpose, err);
	driver = find_driver(type);
	return driver ? try_mount(source, target, type, driver, purpose, more, err)
		      : no_driver(type, err);
}

int fs_unmount(const char *target, struct error **err)
{
	if (umount2(target, UMOUNT_NOFOLLOW) < 0)
		return error_sys(err, errno, "cannot unmount '%s'", target);
	return 0;
}

int fs_bind(const char *place, const char *target, bool read_only, struct error **err)
{
	if (mount(place, target, NULL, MS_BIND, NULL) < 0)
		return error_sys(err, errno, "cannot bind '%s' to '%s'", place, target);
	if (read_only && mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0) {
		int r = error_sys(err, errno, "cannot make '%s' read-only", target);

		umount2(target, UMOUNT_NOFOLLOW);
		return r;
	}
	return 0;
}
