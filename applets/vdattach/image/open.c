// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/image/open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "applets/vdattach/source/siblings.h"

/* The path as seen from the root directory, or NULL when it is not below it. */
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

static int open_below(const struct resolver_root *root, const char *path, bool read_only)
{
	struct open_how how = {
		.flags = (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));

	if (fd < 0 && errno == EMFILE && allow_more_files())
		fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

/* A directory that the image's files are in: dir, seen from root; "" is the root itself. */
struct place {
	const struct resolver_root *root;
	char *dir; /* owned */
};

static void place_release(struct place *place)
{
	free(place->dir);
}

#define _cleanup_place_ _cleanup_(place_release)

/* Opens dir/name below the root. *ret_path is the path, owned. */
static int open_at(const struct resolver_root *root, const char *dir, const char *name,
		   bool read_only, char **ret_path)
{
	char path[PATH_MAX];
	int fd, n;

	while (*name == '/')
		name++;
	n = snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open_below(root, path, read_only);
	if (fd < 0)
		return fd;
	if (asprintf(ret_path, "%s/%s", strcmp(root->path, "/") == 0 ? "" : root->path, path) < 0) {
		*ret_path = NULL;
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

/* The directory of the file that names another. -EPERM: it is below no root. */
static int place_of(const struct file_resolver *resolver, const struct source *from,
		    struct place *ret)
{
	_cleanup_free_ char *path = realpath(from->name, NULL);
	const struct resolver_root *root = &resolver->root;
	const char *inside;
	char *slash;

	if (!path)
		return -ENOENT; /* it was there when it was opened */
	slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	inside = below(root->path, path);
	if (!inside && resolver->above.path) {
		root = &resolver->above;
		inside = below(root->path, path);
	}
	if (!inside)
		return -EPERM;
	*ret = (struct place){ .root = root, .dir = strdup(inside) };
	return ret->dir ? 0 : -ENOMEM;
}

/* VirtualBox has the images that snapshots began with in this directory, below that of the others.
 */
#define SNAPSHOTS "Snapshots"

/*
 * Turns place, if it is a directory of snapshots, into the one above it. Only siblings are looked
 * for there; what an image names is not.
 */
static bool go_above(const struct file_resolver *resolver, struct place *place)
{
	const char *last = strrchr(place->dir, '/');

	if (!*place->dir && place->root == &resolver->root && resolver->above.path) {
		place->root = &resolver->above;
		return true;
	}
	last = last ? last + 1 : place->dir;
	if (strcmp(last, SNAPSHOTS) != 0)
		return false;
	place->dir[last == place->dir ? 0 : last - place->dir - 1] = '\0';
	return true;
}

/* The places where name may be, one after the other. */
static int open_anywhere(const struct place *place, char *name, bool read_only, char **ret_path)
{
	const struct resolver_root *root = place->root;
	bool windows = from_windows(name);
	const char *inside = name[0] == '/' ? below(root->path, name) : NULL, *last;
	int fd, beside = -ENOENT;

	if (inside && *inside)
		return open_at(root, "", inside, read_only, ret_path);
	fd = open_at(root, name[0] == '/' ? "" : place->dir, name, read_only, ret_path);
	/* a Windows path is of another machine; beside the image is where its files were copied to
	 */
	last = strrchr(name, '/');
	if (fd < 0 && windows && last && last[1])
		beside = open_at(root, place->dir, last + 1, read_only, ret_path);
	if (beside >= 0)
		return beside;
	/* it is elsewhere on this machine, or it would be found below the directory */
	if (fd == -ENOENT && name[0] == '/' && !windows)
		fd = -EXDEV;
	return fd;
}

static int image_open_report(const struct file_resolver *resolver, const char *name,
			     const struct source *from, int r, struct error **err)
{
	if (r == -EXDEV || r == -EPERM)
		return error_make(err, EPERM,
				  "%s: names the file '%s', which is not below '%s': allow its "
				  "directory with --parents",
				  from->name, name, resolver->root.path);
	if (r == -ENOENT)
		return error_make(err, ENOENT, "%s: names the file '%s', which is not there",
				  from->name, name);
	return error_sys(err, r, "%s: cannot open '%s', which it names", from->name, name);
}

/* Takes path. */
static int remember(struct file_resolver *resolver, char *path)
{
	char **opened = realloc(resolver->opened, (resolver->n_opened + 1) * sizeof(*opened));

	if (!opened) {
		free(path);
		return -ENOMEM;
	}
	resolver->opened = opened;
	opened[resolver->n_opened++] = path;
	return 0;
}

/* Takes fd. */
static int adopt(struct file_resolver *resolver, int fd, char **path, bool read_only,
		 struct source **ret, struct error **err)
{
	_cleanup_source_ struct source *source = NULL;
	int r = source_file_adopt(fd, *path, read_only, &source, err);

	if (r == 0 && resolver->lock)
		r = source_file_lock(source, err);
	if (r == 0) {
		source->recovery = resolver->recovery;
		r = source_rescue(source, false, err);
	}
	if (r == 0 && remember(resolver, steal_ptr(path)) < 0)
		r = error_sys(err, ENOMEM, "cannot open an image's file");
	if (r == 0)
		*ret = steal_ptr(&source);
	return r;
}

static int file_open(void *ctx, const char *name, const struct source *from, bool read_only,
		     struct source **ret, struct error **err)
{
	struct file_resolver *resolver = ctx;
	_cleanup_free_ char *copy = NULL, *path = NULL;
	_cleanup_place_ struct place place = { .root = NULL };
	int fd, r;

	if (!*name || strncmp(name, "json:", 5) == 0 || strstr(name, "://"))
		return error_make(err, EPERM, "%s: names '%s', expected the path of a file",
				  from->name, name);
	copy = strdup(name);
	if (!copy)
		return error_sys(err, ENOMEM, "cannot open '%s'", name);
	r = place_of(resolver, from, &place);
	if (r < 0)
		return image_open_report(resolver, name, from, r, err);
	fd = open_anywhere(&place, copy, read_only, &path);
	if (fd < 0)
		return image_open_report(resolver, name, from, fd, err);
	return adopt(resolver, fd, &path, read_only, ret, err);
}

#define ABOVE "../"

static int file_open_sibling(void *ctx, const char *name, const struct source *from, bool read_only,
			     struct source **ret, struct error **err)
{
	struct file_resolver *resolver = ctx;
	_cleanup_place_ struct place place = { .root = NULL };
	_cleanup_free_ char *path = NULL;
	int fd = -ENOENT, r = place_of(resolver, from, &place);

	if (r < 0)
		return image_open_report(resolver, name, from, r, err);
	if (strncmp(name, ABOVE, strlen(ABOVE)) != 0)
		fd = open_at(place.root, place.dir, name, read_only, &path);
	else if (go_above(resolver, &place))
		fd = open_at(place.root, place.dir, name + strlen(ABOVE), read_only, &path);
	return fd < 0 ? image_open_report(resolver, name, from, fd, err)
		      : adopt(resolver, fd, &path, read_only, ret, err);
}

struct visitor {
	const char *prefix;
	int (*visit)(void *arg, const char *name);
	void *arg;
};

static int visit_prefixed(void *arg, const char *name)
{
	const struct visitor *visitor = arg;
	char path[sizeof(SNAPSHOTS "/") + NAME_MAX];

	snprintf(path, sizeof(path), "%s%s", visitor->prefix, name);
	return visitor->visit(visitor->arg, path);
}

/* The files in place/dir but skip. A directory that is not there has none. */
static int visit_directory(const struct place *place, const char *dir, const char *skip,
			   struct visitor *visitor, struct error **err)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	char path[PATH_MAX];
	long fd;

	snprintf(path, sizeof(path), "%s%s%s", place->dir, *place->dir ? "/" : "", dir);
	fd = syscall(SYS_openat2, place->root->fd, path, &how, sizeof(how));
	if (fd < 0 && *skip)
		return error_sys(err, errno, "cannot open the directory of '%s'", skip);
	return fd < 0 ? 0 : siblings_visit((int)fd, skip, visit_prefixed, visitor, err);
}

static int file_siblings(void *ctx, const struct source *from,
			 int (*visit)(void *arg, const char *name), void *arg, struct error **err)
{
	const struct file_resolver *resolver = ctx;
	const char *slash = strrchr(from->name, '/');
	struct visitor visitor = { .prefix = "", .visit = visit, .arg = arg };
	_cleanup_place_ struct place place = { .root = NULL };
	int r = place_of(resolver, from, &place);

	if (r < 0)
		return error_sys(err, r, "cannot find the directory of '%s'", from->name);
	r = visit_directory(&place, ".", slash ? slash + 1 : from->name, &visitor, err);
	visitor.prefix = SNAPSHOTS "/";
	if (r == 0)
		r = visit_directory(&place, SNAPSHOTS, "", &visitor, err);
	visitor.prefix = ABOVE;
	if (r == 0 && go_above(resolver, &place))
		r = visit_directory(&place, ".", "", &visitor, err);
	return MIN(r, 0);
}

static void root_release(struct resolver_root *root)
{
	if (root->path && root->fd >= 0)
		close(root->fd);
	free(root->path);
	*root = (struct resolver_root){ .fd = -1 };
}

/* Takes path, which may be NULL: -errno is returned. */
static int root_open(struct resolver_root *root, char *path)
{
	if (!path)
		return -errno;
	*root = (struct resolver_root){ .path = path, .fd = -1 };
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->fd < 0 ? -errno : 0;
}

/* Cuts path down to the directory that it is in, and tells whether its own name was name. */
static bool cut_last(char *path, const char *name)
{
	char *slash = strrchr(path, '/');
	bool same = strcmp(slash + 1, name) == 0;

	slash[slash == path] = '\0';
	return same;
}

/* Where the directory of the image is one of snapshots. It is no error that it cannot be opened. */
static void add_above(struct file_resolver *resolver)
{
	char *path = strdup(resolver->root.path);

	if (!path || !cut_last(path, SNAPSHOTS))
		free(path);
	else if (root_open(&resolver->above, path) < 0)
		root_release(&resolver->above);
}

int file_resolver_init(struct file_resolver *resolver, const char *path, const char *root,
		       struct error **err)
{
	char *directory = realpath(root ? root : path, NULL);
	int r;

	*resolver = (struct file_resolver){ .resolver = { .open = file_open,
							  .open_sibling = file_open_sibling,
							  .siblings = file_siblings,
							  .trusted = root },
					    .root.fd = -1,
					    .above.fd = -1 };
	resolver->resolver.ctx = resolver;
	if (directory && !root)
		cut_last(directory, "");
	r = root_open(&resolver->root, directory);
	if (r < 0)
		return error_sys(err, r, "cannot open the directory '%s'", root ? root : path);
	if (!root)
		add_above(resolver);
	return 0;
}

void file_resolver_release(struct file_resolver *resolver)
{
	root_release(&resolver->root);
	root_release(&resolver->above);
	while (resolver->n_opened > 0)
		free(resolver->opened[--resolver->n_opened]);
	free(resolver->opened);
	*resolver = (struct file_resolver){ .root.fd = -1, .above.fd = -1 };
}
