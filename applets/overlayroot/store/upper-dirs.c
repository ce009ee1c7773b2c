// SPDX-License-Identifier: GPL-2.0-or-later
/* The directories inside a store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "applets/lib/mountutil.h"
#include "applets/overlayroot/store/upper.h"

#define MAX_NAMES (64 * KIB) /* XATTR_LIST_MAX */

static int copy_xattr(const char *from, const char *to, const char *name)
{
	_cleanup_free_ char *value = NULL;
	ssize_t size;

	/* overlayfs keeps its own notes under this name: they are about another directory */
	if (strncmp(name, "trusted.overlay.", 16) == 0)
		return 0;
	size = getxattr(from, name, NULL, 0);
	if (size < 0)
		return errno == ENODATA ? 0 : -errno;
	value = malloc((size_t)size + 1);
	if (!value)
		return -ENOMEM;
	size = getxattr(from, name, value, (size_t)size);
	if (size < 0)
		return -errno;
	if (setxattr(to, name, value, (size_t)size, 0) < 0 && errno != EOPNOTSUPP)
		return -errno;
	return 0;
}

static int copy_xattrs(const char *from, const char *to)
{
	_cleanup_free_ char *names = malloc(MAX_NAMES);
	ssize_t size;
	char *name;
	int r;

	if (!names)
		return -ENOMEM;
	size = listxattr(from, names, MAX_NAMES);
	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (name = names; name < names + size; name += strlen(name) + 1) {
		r = copy_xattr(from, to, name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int copy_look(const char *model, const char *dir, struct error **err)
{
	struct timespec times[2];
	struct stat st;
	int r;

	if (stat(model, &st) < 0)
		return error_sys(err, errno, "'%s'", model);
	if (chown(dir, st.st_uid, st.st_gid) < 0 || chmod(dir, st.st_mode & 07777) < 0)
		return error_sys(err, errno, "owner and mode of '%s'", dir);
	r = copy_xattrs(model, dir);
	if (r < 0)
		return error_sys(err, r, "attributes of '%s'", dir);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (utimensat(AT_FDCWD, dir, times, 0) < 0)
		return error_sys(err, errno, "times of '%s'", dir);
	return 0;
}

int upper_make_dirs(const struct upper *upper, const char *model, struct error **err)
{
	_cleanup_free_ char *dir = NULL, *work = NULL, *fresh = NULL;
	int r;

	if (asprintf(&dir, "%s/upper", upper->base) < 0 ||
	    asprintf(&work, "%s/work", upper->base) < 0 ||
	    asprintf(&fresh, "%s/upper.new", upper->base) < 0)
		return error_sys(err, ENOMEM, "upper");
	r = make_dirs(work, 0700, err);
	if (r < 0 || access(dir, F_OK) == 0)
		return r;
	/* complete or not there: a cut here must not leave a root directory with the wrong owner */
	r = make_dirs(fresh, 0755, err);
	if (r == 0)
		r = copy_look(model, fresh, err);
	if (r == 0 && rename(fresh, dir) < 0)
		r = error_sys(err, errno, "cannot rename '%s'", fresh);
	return r;
}
