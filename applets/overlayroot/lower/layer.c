// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/lower/layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define OPAQUE	 "trusted.overlay.opaque"
#define REDIRECT "trusted.overlay.redirect"

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool layer_has_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = !is_dot(entry->d_name);
	closedir(dir);
	return found;
}

static int find_redirect(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return S_ISDIR(st->st_mode) && lgetxattr(path, REDIRECT, NULL, 0) >= 0;
}

bool layer_has_redirects(const char *path)
{
	return nftw(path, find_redirect, 16, FTW_PHYS) != 0;
}

static int remove_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int layer_remove(const char *path, struct error **err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_sys(err, errno, "'%s'", path);
	if (nftw(path, remove_node, 16, FTW_DEPTH | FTW_PHYS) < 0)
		return error_sys(err, errno, "cannot remove '%s'", path);
	return 0;
}

static bool is_opaque(const char *path)
{
	char value[2] = "";

	return lgetxattr(path, OPAQUE, value, sizeof(value)) == 1 && value[0] == 'y';
}

static int make_opaque(const char *path, struct error **err)
{
	return lsetxattr(path, OPAQUE, "y", 1, 0) < 0 ? error_sys(err, errno, "'%s'", path) : 0;
}

static int merge_dirs(const char *newer, const char *older, struct error **err);

/* Both have the name, and newer has a directory there. */
static int merge_over_dir(const char *newer, const char *older, const struct stat *old,
			  struct error **err)
{
	bool opaque = is_opaque(newer);
	int r;

	if (!opaque && S_ISDIR(old->st_mode)) {
		r = merge_dirs(newer, older, err);
		opaque = !is_opaque(older);
		if (r < 0)
			return r;
	}
	/* what older hid of the layers below stays hidden */
	r = opaque ? 0 : make_opaque(newer, err);
	return r < 0 ? r : layer_remove(older, err);
}

static int merge_one(const char *newer, const char *older, struct error **err)
{
	struct stat new, old;

	if (lstat(older, &old) < 0)
		return error_sys(err, errno, "'%s'", older);
	if (lstat(newer, &new) < 0) {
		if (errno != ENOENT || rename(older, newer) < 0)
			return error_sys(err, errno, "cannot move '%s'", older);
		return 0;
	}
	if (S_ISDIR(new.st_mode))
		return merge_over_dir(newer, older, &old, err);
	return layer_remove(older, err);
}

static int merge_named(const char *newer, const char *older, const char *name, struct error **err)
{
	_cleanup_free_ char *a = NULL, *b = NULL;

	if (asprintf(&a, "%s/%s", newer, name) < 0) {
		a = NULL;
		return error_sys(err, ENOMEM, "'%s'", newer);
	}
	if (asprintf(&b, "%s/%s", older, name) < 0) {
		b = NULL;
		return error_sys(err, ENOMEM, "'%s'", older);
	}
	return merge_one(a, b, err);
}

/* Owner, mode and times of a directory are those that the newer one has. */
static int merge_dirs(const char *newer, const char *older, struct error **err)
{
	struct dirent **entries;
	struct timespec times[2];
	struct stat st;
	int i, r = 0, n;

	if (stat(newer, &st) < 0 || (n = scandir(older, &entries, NULL, NULL)) < 0)
		return error_sys(err, errno, "'%s'", older);
	for (i = 0; i < n; i++) {
		if (r == 0 && !is_dot(entries[i]->d_name))
			r = merge_named(newer, older, entries[i]->d_name, err);
		free(entries[i]);
	}
	free(entries);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (utimensat(AT_FDCWD, newer, times, 0) < 0 && r == 0)
		r = error_sys(err, errno, "'%s'", newer);
	return r;
}

int layer_absorb(const char *newer, const char *older, struct error **err)
{
	int r = merge_dirs(newer, older, err);

	return r < 0 ? r : layer_remove(older, err);
}
