// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/mountutil.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "applets/lib/modreq.h"

#define MS_KEEPS_TYPE \
	(MS_BIND | MS_MOVE | MS_REMOUNT | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

/* What the usual codes of mount(2) mean to a user. */
static const char *mount_hint(int code)
{
	switch (code) {
	case EINVAL:
		return " (no valid superblock, or an option that this kernel does not know: see "
		       "dmesg)";
	case ENODEV:
		return " (the kernel has no such file system: add its module to the profile)";
	case EBUSY:
		return " (already mounted or in use)";
	case EUCLEAN:
		return " (the file system needs a check: see dmesg)";
	default:
		return "";
	}
}

int mount_fs(const char *source, const char *target, const char *type, unsigned long flags,
	     const char *data, struct error **err)
{
	int r = mount(source, target, type, flags, data);

	if (r < 0 && errno == ENODEV && type && !(flags & MS_KEEPS_TYPE)) {
		module_request(type);
		r = mount(source, target, type, flags, data);
	}
	if (r == 0)
		return 0;
	r = errno;
	return error_make(err, r, "cannot mount %s%s%s on %s: %s%s", type ? type : "",
			  type ? " " : "", source ? source : "none", target, strerror(r),
			  mount_hint(r));
}

int unmount_fs(const char *target, int flags, struct error **err)
{
	if (umount2(target, flags) < 0)
		return error_sys(err, errno, "cannot unmount %s", target);
	return 0;
}

static int make_dir(const char *path, mode_t mode, struct error **err)
{
	struct stat st;
	int r;

	if (mkdir(path, mode) == 0) {
		if (chmod(path, mode) < 0)
			return error_sys(err, errno, "cannot chmod %s", path);
		return 0;
	}
	r = errno;
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		r = ENOTDIR;
	}
	return error_sys(err, r, "cannot make directory %s", path);
}

int make_dirs(const char *path, mode_t mode, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);
	char *slash;
	int r;

	if (!copy)
		return error_sys(err, ENOMEM, "cannot make directory %s", path);
	if (!*copy)
		return error_make(err, EINVAL, "cannot make directory: the path is empty");
	for (slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = make_dir(copy, 0755, err);
		if (r < 0)
			return r;
		*slash = '/';
	}
	return make_dir(copy, mode, err);
}
