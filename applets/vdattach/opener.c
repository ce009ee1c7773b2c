// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "applets/vdattach/siblings.h"

/* The path as seen from the root folder, or NULL when it is not below it. */
static const char *below(const char *root, const char *path)
{
	size_t n = strlen(root);

	if (strcmp(root, "/") == 0)
		return path + 1;
	if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* C:\vm\base.vhd becomes /vm/base.vhd, .\base.vhd ./base.vhd. False when name is no Windows path.
 */
static bool from_windows(char *name)
{
	bool drive = is_letter(name[0]) && name[1] == ':' && (name[2] == '\\' || name[2] == '/');

	if (!drive && !strchr(name, '\\'))
		return false;
	if (drive)
		memmove(name, name + 2, strlen(name + 2) + 1);
	for (char *p = name; *p; p++) {
		if (*p == '\\')
			*p = '/';
	}
	return true;
}

/* A disk of 2 TiB in files of 2 GiB has a thousand of them, which is the usual limit. */
static bool allow_more_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return false;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int open_below(const struct file_opener *opener, const char *path, bool read_only)
{
	struct open_how how = {
		.flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, opener->root_fd, path, &how, sizeof(how));

	if (fd < 0 && errno == EMFILE && allow_more_files())
		fd = syscall(SYS_openat2, opener->root_fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

/* Opens dir/name below the root; dir "" is the root itself. *ret_path is the path, owned. */
static int open_at(const struct file_opener *opener, const char *dir, const char *name,
		   bool read_only, char **ret_path)
{
	char path[PATH_MAX];
	int fd, n;

	while (*name == '/')
		name++;
	n = snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open_below(opener, path, read_only);
	if (fd < 0)
		return fd;
	if (asprintf(ret_path, "%s/%s", strcmp(opener->root, "/") == 0 ? "" : opener->root, path) <
	    0) {
		*ret_path = NULL;
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

/* The folder of the file that names another, seen from the root. Owned by the caller. */
static int folder_of(const struct file_opener *opener, const struct source *from, char **ret)
{
	_cleanup_free_ char *path = realpath(from->name, NULL);
	const char *inside;
	char *slash;

	if (!path)
		return -errno;
	slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	inside = below(opener->root, path);
	if (!inside)
		return -EPERM;
	*ret = strdup(inside);
	return *ret ? 0 : -ENOMEM;
}

/* The places where name may be, one after the other. */
static int open_anywhere(const struct file_opener *opener, const char *dir, char *name,
			 bool read_only, char **ret_path)
{
	bool windows = from_windows(name);
	const char *inside = name[0] == '/' ? below(opener->root, name) : NULL, *last;
	int fd, beside = -ENOENT;

	if (inside && *inside)
		return open_at(opener, "", inside, read_only, ret_path);
	fd = open_at(opener, name[0] == '/' ? "" : dir, name, read_only, ret_path);
	/* a Windows path is of another machine; beside the image is where its files were copied to
	 */
	last = strrchr(name, '/');
	if (fd < 0 && windows && last && last[1])
		beside = open_at(opener, dir, last + 1, read_only, ret_path);
	if (beside >= 0)
		return beside;
	/* it is elsewhere on this machine, or it would be found below the folder */
	if (fd == -ENOENT && name[0] == '/' && !windows)
		fd = -EXDEV;
	return fd;
}

static int tell(const struct file_opener *opener, const char *name, const struct source *from,
		int r, struct error **err)
{
	if (r == -EXDEV || r == -EPERM)
		return error_make(err, EPERM,
				  "%s: names the file '%s', which is not below '%s': allow its "
				  "folder with --parents",
				  from->name, name, opener->root);
	if (r == -ENOENT)
		return error_make(err, ENOENT, "%s: names the file '%s', which is not there",
				  from->name, name);
	return error_sys(err, r, "%s: open '%s', which it names", from->name, name);
}

/* Takes path. */
static int remember(struct file_opener *opener, char *path)
{
	char **opened = realloc(opener->opened, (opener->n_opened + 1) * sizeof(*opened));

	if (!opened) {
		free(path);
		return -ENOMEM;
	}
	opener->opened = opened;
	opened[opener->n_opened++] = path;
	return 0;
}

static int file_open(void *ctx, const char *name, const struct source *from, bool read_only,
		     struct source **ret, struct error **err)
{
	struct file_opener *opener = ctx;
	_cleanup_free_ char *copy = NULL, *dir = NULL, *path = NULL;
	_cleanup_source_ struct source *source = NULL;
	int fd, r;

	if (!*name || strncmp(name, "json:", 5) == 0 || strstr(name, "://"))
		return error_make(err, EPERM, "%s: names '%s', expected the path of a file",
				  from->name, name);
	copy = strdup(name);
	if (!copy)
		return error_sys(err, ENOMEM, "open '%s'", name);
	r = folder_of(opener, from, &dir);
	if (r < 0 || !dir)
		return tell(opener, name, from, r, err);
	fd = open_anywhere(opener, dir, copy, read_only, &path);
	if (fd < 0)
		return tell(opener, name, from, fd, err);
	r = source_file_adopt(fd, path, read_only, &source, err);
	if (r == 0 && opener->lock)
		r = source_file_lock(source, err);
	if (r == 0) {
		source->vault = opener->vault;
		r = source_rescue(source, false, err);
	}
	if (r == 0 && remember(opener, steal_ptr(&path)) < 0)
		r = error_sys(err, ENOMEM, "open '%s'", name);
	if (r == 0)
		*ret = steal_ptr(&source);
	return r;
}

static int file_siblings(void *ctx, const struct source *from,
			 int (*visit)(void *arg, const char *name), void *arg, struct error **err)
{
	const struct file_opener *opener = ctx;
	const char *slash = strrchr(from->name, '/');
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	_cleanup_free_ char *dir = NULL;
	long fd;
	int r = folder_of(opener, from, &dir);

	if (r < 0 || !dir)
		return error_sys(err, r, "find the folder of '%s'", from->name);
	fd = syscall(SYS_openat2, opener->root_fd, *dir ? dir : ".", &how, sizeof(how));
	if (fd < 0)
		return error_sys(err, errno, "open the folder of '%s'", from->name);
	return siblings_visit((int)fd, slash ? slash + 1 : from->name, visit, arg, err);
}

int file_opener_init(struct file_opener *opener, const char *path, const char *root,
		     struct error **err)
{
	*opener = (struct file_opener){ .opener = { .open = file_open, .siblings = file_siblings },
					.root_fd = -1 };
	opener->opener.ctx = opener;
	opener->opener.trusted = root;
	opener->root = realpath(root ? root : path, NULL);
	if (!opener->root)
		return error_sys(err, errno, "open '%s'", root ? root : path);
	if (!root) {
		char *slash = strrchr(opener->root, '/');

		slash[slash == opener->root] = '\0';
	}
	opener->root_fd = open(opener->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (opener->root_fd < 0)
		return error_sys(err, errno, "open the folder '%s'", opener->root);
	return 0;
}

void file_opener_release(struct file_opener *opener)
{
	if (opener->root && opener->root_fd >= 0)
		close(opener->root_fd);
	free(opener->root);
	while (opener->n_opened > 0)
		free(opener->opened[--opener->n_opened]);
	free(opener->opened);
	*opener = (struct file_opener){ .root_fd = -1 };
}
