// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/wipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper directories are first moved to the top: neither descriptors nor path lengths run out. */
#define MAX_DEPTH 32

struct wipe {
	int top;
	dev_t device;
	unsigned int moved; /* names the moved directories */
	bool again;	    /* something was moved: another round */
};

static bool is_kept(const char *name, bool at_top)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	       (at_top && strcmp(name, "lost+found") == 0);
}

static DIR *open_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

int dir_is_empty(int fd)
{
	DIR *dir = open_dir(fd, ".");
	struct dirent *entry;
	int empty = 1;

	if (!dir)
		return -errno;
	while (empty && (entry = readdir(dir)))
		empty = is_kept(entry->d_name, true);
	closedir(dir);
	return empty;
}

static int move_up(struct wipe *w, int parent, const char *name)
{
	char to[32];

	do
		snprintf(to, sizeof(to), ".unpackroot-%u", w->moved++);
	while (faccessat(w->top, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	if (renameat(parent, name, w->top, to) < 0)
		return -errno;
	w->again = true;
	return 0;
}

static int wipe_below(struct wipe *w, int parent, const char *name, unsigned int depth);

static int wipe_entry(struct wipe *w, int parent, const char *name, unsigned int depth)
{
	struct stat st;
	int r;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return unlinkat(parent, name, 0) < 0 ? -errno : 0;
	if (st.st_dev != w->device)
		return -EBUSY;
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return 0;
	if (depth >= MAX_DEPTH)
		return move_up(w, parent, name);
	r = wipe_below(w, parent, name, depth + 1);
	if (r < 0)
		return r;
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Continues after a failure, so that as little as possible stays; returns the first one. */
static int wipe_below(struct wipe *w, int parent, const char *name, unsigned int depth)
{
	DIR *dir = open_dir(parent, name);
	struct dirent *entry;
	int r = 0, r2;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (is_kept(entry->d_name, depth == 0))
			continue;
		r2 = wipe_entry(w, dirfd(dir), entry->d_name, depth);
		if (r == 0)
			r = r2;
	}
	closedir(dir);
	return r;
}

int wipe_dir(int fd, struct error **err)
{
	struct wipe w = { .top = fd };
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot remove what was unpacked");
	w.device = st.st_dev;
	do {
		w.again = false;
		r = wipe_below(&w, fd, ".", 0);
	} while (r == 0 && w.again);
	return r < 0 ? error_sys(err, r, "cannot remove what was unpacked") : 0;
}
