// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/pathfind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Component by component, without following a link. ".." is taken as a link too. */
static int open_without_links(int root, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	_cleanup_close_ int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char *save = NULL;

	if (!copy || fd < 0)
		return -ENOMEM;
	for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		struct stat st;
		int next;

		if (strcmp(part, "..") == 0)
			return -ELOOP;
		next = openat(fd, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return -errno;
		close(fd);
		fd = next;
		if (fstat(fd, &st) < 0 || S_ISLNK(st.st_mode))
			return -ELOOP;
	}
	return steal_fd(&fd);
}

static int open_in_root(int root, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd >= 0)
		return (int)fd;
	/* ENOSYS: older kernel; EPERM: a sandbox that does not know the call */
	if (errno == ENOSYS || errno == EPERM)
		return open_without_links(root, path);
	return -errno;
}

int path_open_below(const char *root, const char *path)
{
	_cleanup_close_ int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int fd;

	if (dir < 0)
		return -errno;
	fd = open_in_root(dir, *path ? path : "/");
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return fd;
	close(fd);
	return -ENOENT;
}

/* What the kernel calls the file that fd is, without the part of root. NULL when it cannot tell. */
static char *name_below(const char *root, int fd)
{
	char link[64], name[PATH_MAX], real_root[PATH_MAX];
	ssize_t n;
	size_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	if (n <= 0 || !realpath(root, real_root))
		return NULL;
	name[n] = '\0';
	length = strcmp(real_root, "/") == 0 ? 0 : strlen(real_root);
	if (strncmp(name, real_root, length) != 0 || (name[length] != '/' && name[length] != '\0'))
		return NULL;
	return strdup(name[length] ? name + length : "/");
}

static bool is_missing(int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -ELOOP;
}

int path_find(const char *root, char *const *paths, size_t count, char **ret_path, int *ret_fd,
	      const char **ret_failed)
{
	int failure = -ENOENT;

	for (size_t i = 0; i < count; i++) {
		int fd = path_open_below(root, paths[i]);
		char *name;

		if (fd < 0 && failure == -ENOENT && !is_missing(fd)) {
			failure = fd;
			*ret_failed = paths[i];
		}
		if (fd < 0)
			continue;
		name = name_below(root, fd);
		if (!name && asprintf(&name, "%s%s", *paths[i] == '/' ? "" : "/", paths[i]) < 0) {
			close(fd);
			*ret_failed = paths[i];
			return -ENOMEM;
		}
		*ret_path = name;
		*ret_fd = fd;
		return 0;
	}
	return failure;
}
