// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/suspend/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/file.h"

/* Their numbers are the same on all machines. */
#define NR_FSMOUNT  432
#define NR_FSOPEN   430
#define NR_FSCONFIG 431
/* linux/mount.h, which does not go together with sys/mount.h of every libc */
#define FSOPEN_CLOSES	1u
#define FSCONFIG_CREATE 6u
#define FSMOUNT_CLOSES	1u

int cgroup_tree(struct error **err)
{
	_cleanup_close_ int fs = (int)syscall(NR_FSOPEN, "cgroup2", FSOPEN_CLOSES);
	int tree = -1;

	if (fs >= 0 && syscall(NR_FSCONFIG, fs, FSCONFIG_CREATE, NULL, NULL, 0) == 0)
		tree = (int)syscall(NR_FSMOUNT, fs, FSMOUNT_CLOSES, 0);
	if (tree < 0)
		return error_sys(err, errno, "cannot open the tree of cgroups (cgroup2)");
	return tree;
}

static int cgroup_open(int tree, const char *group, const char *file, int flags)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s%s%s", group, *group ? "/" : "", file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(tree, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_write(int tree, const char *group, const char *file, const char *value)
{
	_cleanup_close_ int fd = cgroup_open(tree, group, file, O_WRONLY);

	return fd < 0 ? fd : write_all(fd, value, strlen(value));
}

int cgroup_make(int tree, const char *group)
{
	return mkdirat(tree, group, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

bool cgroup_says(int tree, const char *group, const char *file, const char *key)
{
	char text[256], path[PATH_MAX];
	size_t n = key ? strlen(key) : 0;

	snprintf(path, sizeof(path), "%s/%s", group, file);
	if (read_start(tree, path, text, sizeof(text)) < 0)
		return false;
	if (!key)
		return *text == '1';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return line[n + 1] == '1';
	}
	return false;
}

int cgroup_move(int tree, const char *group, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)pid);
	return cgroup_write(tree, group, "cgroup.procs", number);
}

int cgroup_own(char *ret, size_t size)
{
	char text[PATH_MAX + 1024];
	const char *line;
	ssize_t n = read_start(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));

	if (n < 0)
		return (int)n;
	/* "0::/system.slice/name.service", after the lines of version 1, if there are any */
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return -ENOENT;
	line = strchr(line, '/') + 1;
	return snprintf(ret, size, "%.*s", (int)strcspn(line, "\n"), line) < (int)size
		       ? 0
		       : -ENAMETOOLONG;
}

int cgroup_processes(int tree, const char *group, int (*each)(void *arg, pid_t pid), void *arg)
{
	int pid, r = 0, fd = cgroup_open(tree, group, "cgroup.procs", O_RDONLY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file) {
		closep(&fd);
		return fd < 0 ? fd : -ENOMEM;
	}
	while (r >= 0 && fscanf(file, "%d", &pid) == 1)
		r = each(arg, pid);
	fclose(file);
	return MIN(r, 0);
}
