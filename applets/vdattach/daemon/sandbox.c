// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/daemon/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "applets/lib/mountutil.h"
#include "applets/vdattach/daemon/mountlist.h"

/*
 * The new root is mounted over /proc, the one directory that is there on any system and in which no
 * image lies.
 */
#define NEW_ROOT "/proc"

#define RELEASE_TRIES_A_SECOND 50

static const char *const system_directories[] = { "/dev", "/proc", "/sys", "/run" };

static bool is_system_directory(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(system_directories); i++) {
		if (strcmp(path, system_directories[i]) == 0)
			return true;
	}
	return false;
}

static int bind(const char *from, const char *to, struct error **err)
{
	return mount_fs(from, to, NULL, MS_BIND, NULL, err);
}

static int bind_file(const char *from, const char *to, struct error **err)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(err, errno, "cannot make '%s'", to);
	close(fd);
	return bind(from, to, err);
}

static int sandbox_add_directory(const char *path, struct error **err)
{
	char to[PATH_MAX + sizeof(NEW_ROOT)];
	int r;

	snprintf(to, sizeof(to), NEW_ROOT "%s", path);
	r = make_dirs(to, 0755, err);
	return r < 0 ? r : bind(path, to, err);
}

/* What lies directly in the old root, but for the directories that only have mounts on them. */
static int sandbox_add_entry(const char *name, struct error **err)
{
	char from[NAME_MAX + 2], to[NAME_MAX + 2 + sizeof(NEW_ROOT)];
	struct stat st;

	snprintf(from, sizeof(from), "/%s", name);
	snprintf(to, sizeof(to), NEW_ROOT "/%s", name);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_system_directory(from) ||
	    lstat(from, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return sandbox_add_directory(from, err);
	return S_ISREG(st.st_mode) ? bind_file(from, to, err) : 0;
}

static int add_root(struct error **err)
{
	DIR *dir = opendir("/");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return error_sys(err, errno, "cannot read '/'");
	while (r == 0 && (entry = readdir(dir)))
		r = sandbox_add_entry(entry->d_name, err);
	closedir(dir);
	return r;
}

/* The file system that path is on, by its mount point; of the root, which has much else, path
 * alone. */
static const char *file_system_of(const struct mount_list *mounts, const char *path)
{
	const char *best = path;
	size_t longest = 1;

	for (size_t i = 0; i < mounts->n; i++) {
		size_t n = strlen(mounts->paths[i]);

		if (n > longest && strncmp(mounts->paths[i], path, n) == 0 &&
		    (path[n] == '/' || path[n] == '\0')) {
			best = mounts->paths[i];
			longest = n;
		}
	}
	return best;
}

static bool is_there(const char *const *done, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(done[i], path) == 0)
			return true;
	}
	return strcmp(path, "/dev") == 0;
}

static int sandbox_add_directories(const struct mount_list *mounts, const char *const *directories,
				   size_t n, struct error **err)
{
	const char *done[SANDBOX_DIRECTORIES_MAX];
	int r = 0;

	if (n > SANDBOX_DIRECTORIES_MAX)
		return error_make(err, E2BIG,
				  "the image's files are in %zu directories, at most %u", n,
				  SANDBOX_DIRECTORIES_MAX);
	for (size_t i = 0; i < n && r == 0; i++) {
		done[i] = file_system_of(mounts, directories[i]);
		if (is_there(done, i, done[i]))
			continue;
		r = strcmp(done[i], "/") == 0 ? add_root(err) : sandbox_add_directory(done[i], err);
	}
	return r;
}

static int sandbox_build(const struct mount_list *old, const char *const *directories, size_t n,
			 struct error **err)
{
	int r = mount_fs("vdattach", NEW_ROOT, "tmpfs", MS_NOSUID, "mode=755,size=1m", err);

	if (r == 0)
		r = sandbox_add_directory("/dev", err);
	if (r == 0)
		r = sandbox_add_directory("/sys", err);
	if (r == 0)
		r = make_dirs(NEW_ROOT "/proc", 0755, err);
	if (r == 0)
		r = mount_fs("proc", NEW_ROOT "/proc", "proc", 0, NULL, err);
	return r < 0 ? r : sandbox_add_directories(old, directories, n, err);
}

/* From the root of an initramfs, which cannot be pivoted away from: unmounts what lies on it. */
static int leave_rootfs(const struct mount_list *old, struct error **err)
{
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return error_sys(err, errno, "cannot move the new root to '/'");
	for (size_t i = old->n; i-- > 0;) {
		if (strcmp(old->paths[i], "/") != 0)
			umount2(old->paths[i], MNT_DETACH);
	}
	if (chroot(".") < 0)
		return error_sys(err, errno, "cannot chroot");
	return 0;
}

static int daemon_sandbox_enter(const struct mount_list *old, struct error **err)
{
	int r = 0;

	if (chdir(NEW_ROOT) < 0)
		return error_sys(err, errno, "cannot enter '%s'", NEW_ROOT);
	/* both "." and the old root below it: what is unmounted then is the latter */
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		r = umount2(".", MNT_DETACH) < 0
			    ? error_sys(err, errno, "cannot leave the old root")
			    : 0;
	else if (errno == EINVAL)
		r = leave_rootfs(old, err);
	else
		r = error_sys(err, errno, "cannot call pivot_root");
	if (r == 0 && chdir("/") < 0)
		r = error_sys(err, errno, "cannot enter '/'");
	return r;
}

int sandbox_enter(const char *const *directories, size_t n, struct error **err)
{
	_cleanup_mount_list_ struct mount_list old = { .n = 0 };
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return error_sys(err, errno, "cannot make a mount namespace");
	r = mount_fs(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL, err);
	if (r == 0)
		r = mount_list_read(&old, err);
	if (r == 0)
		r = sandbox_build(&old, directories, n, err);
	return r < 0 ? r : daemon_sandbox_enter(&old, err);
}

/* A process that was killed a moment ago may still have files open there. */
static int unmount_patiently(const char *path, struct error **err)
{
	const struct timespec pause = { .tv_nsec = 1000000000L / RELEASE_TRIES_A_SECOND };
	int r = unmount_fs(path, 0, NULL);

	for (unsigned int i = 0; r == -EBUSY && i < 5 * RELEASE_TRIES_A_SECOND; i++) {
		nanosleep(&pause, NULL);
		r = unmount_fs(path, 0, NULL);
	}
	return r < 0 ? error_sys(err, r, "cannot unmount %s", path) : 0;
}

int sandbox_release(struct error **err)
{
	_cleanup_mount_list_ struct mount_list mounts = { .n = 0 };
	int first = 0, r = mount_list_read(&mounts, err); /* the first failure */

	if (r < 0)
		return r;
	for (size_t i = mounts.n; i-- > 0;) {
		const char *path = mounts.paths[i];

		if (strcmp(path, "/") == 0 || is_system_directory(path))
			continue;
		r = unmount_patiently(path, first == 0 ? err : NULL);
		if (r < 0 && first == 0)
			first = r;
	}
	return first;
}
