// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/generations.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int generations_open(const char *path, struct generations *ret, struct error **err)
{
	_cleanup_free_ char *a = strdup(path), *b = strdup(path);

	*ret = (struct generations){ .dir = -1, .keep = 2 };
	if (!a || !b)
		return error_sys(err, ENOMEM, "'%s'", path);
	ret->dir = open(dirname(a), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->dir < 0)
		return error_sys(err, errno, "the directory of '%s'", path);
	ret->name = strdup(basename(b));
	if (!ret->name || asprintf(&ret->fresh, "%s.new", ret->name) < 0) {
		ret->fresh = NULL;
		return error_sys(err, ENOMEM, "'%s'", path);
	}
	return 0;
}

int generations_begin(const struct generations *g, struct error **err)
{
	int fd = openat(g->dir, g->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			0600);

	return fd < 0 ? error_sys(err, errno, "cannot make '%s'", g->fresh) : fd;
}

/* NAME for 0; in buf else. */
static const char *generation(const struct generations *g, unsigned int n, char *buf, size_t size)
{
	if (n == 0)
		return g->name;
	snprintf(buf, size, "%s.%u", g->name, n);
	return buf;
}

bool generations_drop_oldest(const struct generations *g)
{
	char buf[NAME_MAX + 16];
	unsigned int n;

	/* NAME itself stays until there is a better one */
	for (n = g->keep; n > 0; n--)
		if (unlinkat(g->dir, generation(g, n, buf, sizeof(buf)), 0) == 0)
			return true;
	return false;
}

/*
 * All of the file system: on FAT a file that was renamed has the length 0 until its inode is
 * written (linux/fs/fat/namei_vfat.c, vfat_rename()), which syncing the directory does not do.
 */
static int rename_durably(const struct generations *g, const char *from, const char *to)
{
	if (renameat(g->dir, from, g->dir, to) < 0)
		return errno == ENOENT ? 0 : -errno;
	return syncfs(g->dir) < 0 ? -errno : 0;
}

/* Each one steps back: the oldest first, so that none is overwritten before the next is safe. */
static int step_back(const struct generations *g)
{
	char from[NAME_MAX + 16], to[NAME_MAX + 16];
	unsigned int n;
	int r = 0;

	for (n = g->keep; n > 0 && r == 0; n--)
		r = rename_durably(g, generation(g, n - 1, from, sizeof(from)),
				   generation(g, n, to, sizeof(to)));
	return r;
}

int generations_commit(const struct generations *g, int fd, struct error **err)
{
	int r = fsync(fd) < 0 || syncfs(g->dir) < 0 ? -errno : 0;

	if (r == 0 && !g->damaged)
		r = step_back(g);
	if (r == 0)
		r = rename_durably(g, g->fresh, g->name);
	return r < 0 ? error_sys(err, r, "cannot finish '%s'", g->name) : 0;
}

void generations_abort(const struct generations *g)
{
	if (g->fresh)
		unlinkat(g->dir, g->fresh, 0);
}

void generations_release(struct generations *g)
{
	closep(&g->dir);
	free(g->name);
	free(g->fresh);
}
