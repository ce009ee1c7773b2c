// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/store/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "applets/lib/mountutil.h"

#define OPAQUE "trusted.overlay.opaque"

struct probe {
	char *scratch; /* absolute */
	int fd;	       /* of scratch */
	const char *run;
};

static bool has_xattr(const struct probe *p)
{
	char value[4] = "";

	return fsetxattr(p->fd, OPAQUE, "y", 1, 0) == 0 &&
	       fgetxattr(p->fd, OPAQUE, value, sizeof(value)) == 1 && value[0] == 'y' &&
	       fremovexattr(p->fd, OPAQUE) == 0;
}

static bool has_d_type(const struct probe *p)
{
	int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool good = false;

	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, "upper") == 0)
			good = entry->d_type == DT_DIR;
	closedir(dir);
	return good;
}

static bool is_whiteout(const struct probe *p, const char *name)
{
	struct stat st;

	return fstatat(p->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(0, 0);
}

static bool has_whiteout(const struct probe *p)
{
	bool good = mknodat(p->fd, "white", S_IFCHR, makedev(0, 0)) == 0 && is_whiteout(p, "white");

	unlinkat(p->fd, "white", 0);
	return good;
}

static bool has_rename_whiteout(const struct probe *p)
{
	int fd = openat(p->fd, "from", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return false;
	close(fd);
	/* musl 1.2 has no renameat2() */
	good = syscall(SYS_renameat2, p->fd, "from", p->fd, "to", RENAME_WHITEOUT) == 0 &&
	       is_whiteout(p, "from");
	unlinkat(p->fd, "from", 0);
	unlinkat(p->fd, "to", 0);
	return good;
}

/* What counts in the end. Network and FUSE file systems may have all of the above and are still
 * refused. */
static bool overlay_works(const struct probe *p)
{
	_cleanup_free_ char *target = NULL, *options = NULL, *file = NULL;
	struct stat st;
	bool good;

	if (asprintf(&target, "%s/probe", p->run) < 0 ||
	    asprintf(&file, "%s/probe/file", p->run) < 0 ||
	    asprintf(&options, "lowerdir=lower,upperdir=upper,workdir=work,index=off,metacopy=off,"
			       "redirect_dir=on") < 0)
		return false;
	if (make_dirs(target, 0700, NULL) < 0 || fchdir(p->fd) < 0)
		return false;
	good = mount_fs("overlay", target, "overlay", 0, options, NULL) == 0;
	if (good) {
		good = unlink(file) == 0;
		umount2(target, MNT_DETACH);
	}
	rmdir(target);
	return good && is_whiteout(p, "upper/file") && fstatat(p->fd, "lower/file", &st, 0) == 0;
}

static const char *missing_feature(const struct probe *p)
{
	if (!has_xattr(p))
		return "no trusted.* attributes";
	if (!has_d_type(p))
		return "no file types in directories";
	if (!has_whiteout(p))
		return "no device nodes, so no whiteouts";
	if (!has_rename_whiteout(p))
		return "no RENAME_WHITEOUT";
	return overlay_works(p) ? NULL : "overlayfs refuses it";
}

static int remove_node(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	/* the scratch directory itself has level 0 */
	if (ftw->level > 0)
		remove(path);
	return 0;
}

/*
 * Goes as far as it can: what a power cut left behind is removed by the next probe. overlayfs
 * leaves things of its own in work.
 */
static void empty_scratch(const struct probe *p)
{
	nftw(p->scratch, remove_node, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int fill_scratch(struct probe *p)
{
	int fd;

	p->fd = open(p->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0)
		return -errno;
	empty_scratch(p);
	if (mkdirat(p->fd, "lower", 0700) < 0 || mkdirat(p->fd, "upper", 0700) < 0 ||
	    mkdirat(p->fd, "work", 0700) < 0)
		return -errno;
	fd = openat(p->fd, "lower/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int make_scratch(struct probe *p, const char *dir, struct error **err)
{
	int r = 0;

	if (asprintf(&p->scratch, "%s/.vi-probe", dir) < 0) {
		p->scratch = NULL;
		return error_sys(err, ENOMEM, "cannot probe '%s'", dir);
	}
	if (mkdir(p->scratch, 0700) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0)
		r = fill_scratch(p);
	return r < 0 ? error_sys(err, r, "cannot write to '%s'", dir) : 0;
}

static void remove_scratch(struct probe *p)
{
	if (p->scratch && p->fd >= 0) {
		empty_scratch(p);
		close(p->fd);
		rmdir(p->scratch);
	}
	free(p->scratch);
}

int probe_upper(const char *dir, const char *run, const char **ret_reason, struct error **err)
{
	_cleanup_close_ int cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct probe p = { .fd = -1, .run = run };
	const char *reason = NULL;
	int r = make_scratch(&p, dir, err);

	if (r == 0)
		reason = missing_feature(&p);
	if (cwd >= 0 && fchdir(cwd) < 0 && r == 0)
		r = error_sys(err, errno, "cannot go back to the current directory");
	remove_scratch(&p);
	if (r < 0)
		return r;
	*ret_reason = reason;
	return !reason;
}
