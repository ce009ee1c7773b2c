// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "builder/util/vec.h"
#include "common/file.h"

struct unpack {
	int root;
	bool privileged;
	struct vec dirs; /* of struct later */
	void *links;	 /* of struct link_path, for tsearch(3) */
};

/* A directory whose mode and time come last. */
struct later {
	char *path;
	uint32_t mode, mtime;
};

/* Where the first member of a hard link group was made. */
struct link_path {
	uint32_t key[5]; /* device, inode, type, scope */
	char *path;
};

static int open_in_root(int root, const char *path, int flags)
{
	const struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
				      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int unpack_open(const char *directory, struct unpack **ret, struct error **err)
{
	struct unpack *u;
	int fd, probe;

	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make the directory '%s'", directory);
	fd = open(directory, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "cannot open the directory '%s'", directory);
	probe = open_in_root(fd, ".", O_PATH);
	u = calloc(1, sizeof(*u));
	if (probe < 0 || !u) {
		int r = probe < 0 ? errno : ENOMEM;

		free(u);
		close(fd);
		return error_sys(err, r, "cannot unpack safely (openat2, Linux 5.6)");
	}
	close(probe);
	*u = (struct unpack){ .root = fd, .privileged = geteuid() == 0 };
	*ret = u;
	return 0;
}

/* Opens the directory that holds path; *ret_base points into path. */
static int open_parent(struct unpack *u, const char *path, const char **ret_base,
		       struct error **err)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char parent[PATH_MAX] = ".";
	int fd;

	if (!*base || strcmp(base, "..") == 0 || (strcmp(base, ".") == 0 && slash))
		return error_make(err, EINVAL, "'%s' is no name for a member", path);
	if (slash)
		*(char *)mempcpy(parent, path, (size_t)(slash - path)) = '\0';
	fd = open_in_root(u->root, parent, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return error_sys(err, errno, "cannot unpack '%s': its directory", path);
	*ret_base = base;
	return fd;
}

/* Makes room for a member of another kind, and for files always: an old one may have other links.
 */
static int clear_way(int parent, const char *base, uint32_t mode, const char *path,
		     struct error **err)
{
	struct stat st;
	bool dir;

	if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	dir = S_ISDIR(st.st_mode);
	if (dir && S_ISDIR(mode))
		return 0;
	if (unlinkat(parent, base, dir ? AT_REMOVEDIR : 0) < 0)
		return error_sys(err, errno, "cannot replace '%s'", path);
	return 0;
}

static int write_content(int fd, const struct image_entry *entry, struct error **err)
{
	int r = write_all(fd, entry->data, entry->size);

	return r < 0 ? error_sys(err, r, "cannot write '%s'", entry->path) : 0;
}

/* fd: of the file, open for writing. Owner first: changing it takes the set-user-ID bit away. */
static int finish_file(const struct unpack *u, int fd, const struct image_entry *entry,
		       struct error **err)
{
	const struct timespec times[2] = { { entry->mtime, 0 }, { entry->mtime, 0 } };

	if (u->privileged && fchown(fd, entry->uid, entry->gid) < 0)
		return error_sys(err, errno, "cannot set the owner of '%s'", entry->path);
	if (fchmod(fd, entry->mode & 07777) < 0 || futimens(fd, times) < 0)
		return error_sys(err, errno, "cannot set mode and time of '%s'", entry->path);
	return 0;
}

static int make_file(struct unpack *u, int parent, const char *base,
		     const struct image_entry *entry, bool linked, struct error **err)
{
	/* what is there now was made by this run: a hard link that gets its content, or nothing */
	int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (linked ? O_TRUNC : O_CREAT | O_EXCL);
	_cleanup_close_ int fd = openat(parent, base, flags, 0600);
	int r;

	if (fd < 0)
		return error_sys(err, errno, "cannot make '%s'", entry->path);
	r = write_content(fd, entry, err);
	return r < 0 ? r : finish_file(u, fd, entry, err);
}

static int compare_link(const void *a, const void *b)
{
	const struct link_path *left = a, *right = b;

	return memcmp(left->key, right->key, sizeof(left->key));
}

/* The group that entry belongs to, new ones with entry's own path. NULL when memory is out. */
static struct link_path *link_group(struct unpack *u, const struct image_entry *entry)
{
	struct link_path *group = calloc(1, sizeof(*group)), **found;

	if (!group)
		return NULL;
	memcpy(group->key,
	       (uint32_t[]){ entry->dev_major, entry->dev_minor, entry->ino, entry->mode & S_IFMT,
			     entry->link_scope },
	       sizeof(group->key));
	group->path = strdup(entry->path);
	found = group->path ? tsearch(group, &u->links, compare_link) : NULL;
	if (!found || *found != group) {
		free(group->path);
		free(group);
	}
	return found ? *found : NULL;
}

/* *ret_linked: base is now a link to a member made before. */
static int try_link(struct unpack *u, int parent, const char *base, const struct image_entry *entry,
		    bool *ret_linked, struct error **err)
{
	struct link_path *group;
	const char *old_base = "";
	int r = 0;

	if (entry->nlink < 2)
		return 0;
	group = link_group(u, entry);
	if (!group)
		return error_no_memory(err);
	if (strcmp(group->path, entry->path) == 0)
		return 0;
	_cleanup_close_ int old = open_parent(u, group->path, &old_base, err);
	if (old < 0)
		return old;
	if (linkat(old, old_base, parent, base, 0) < 0)
		r = error_sys(err, errno, "cannot link '%s' to '%s'", entry->path, group->path);
	*ret_linked = r == 0;
	return r;
}

static int make_dir(struct unpack *u, int parent, const char *base, const struct image_entry *entry,
		    struct error **err)
{
	struct later *later = calloc(1, sizeof(*later));

	if (later)
		*later = (struct later){ strdup(entry->path), entry->mode & 07777, entry->mtime };
	if (!later || !later->path || vec_push(&u->dirs, later) < 0) {
		free(later ? later->path : NULL);
		free(later);
		return error_no_memory(err);
	}
	if (mkdirat(parent, base, 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make the directory '%s'", entry->path);
	if (u->privileged &&
	    fchownat(parent, base, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "cannot set the owner of '%s'", entry->path);
	return 0;
}

/* Symlinks, device nodes, pipes, sockets. */
static int make_special(struct unpack *u, int parent, const char *base,
			const struct image_entry *entry, struct error **err)
{
	const struct timespec times[2] = { { entry->mtime, 0 }, { entry->mtime, 0 } };
	bool symlink = S_ISLNK(entry->mode);
	dev_t device = makedev(entry->rdev_major, entry->rdev_minor);
	int r = symlink ? symlinkat(entry->link_target, parent, base)
			: mknodat(parent, base, entry->mode, device);

	if (r < 0)
		return error_sys(err, errno, "cannot make '%s'", entry->path);
	if (u->privileged &&
	    fchownat(parent, base, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "cannot set the owner of '%s'", entry->path);
	if (!symlink && fchmodat(parent, base, entry->mode & 07777, 0) < 0)
		return error_sys(err, errno, "cannot set the mode of '%s'", entry->path);
	if (utimensat(parent, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "cannot set the time of '%s'", entry->path);
	return 0;
}

static int make_member(struct unpack *u, int parent, const char *base,
		       const struct image_entry *entry, struct error **err)
{
	bool linked = false;
	int r;

	if (S_ISDIR(entry->mode))
		return make_dir(u, parent, base, entry, err);
	if (!S_ISLNK(entry->mode)) {
		r = try_link(u, parent, base, entry, &linked, err);
		if (r < 0)
			return r;
	}
	if (!S_ISREG(entry->mode))
		return linked ? 0 : make_special(u, parent, base, entry, err);
	/* a link without content leaves what the group has */
	if (linked && !entry->size)
		return 0;
	return make_file(u, parent, base, entry, linked, err);
}

int unpack_member(struct unpack *u, const struct image_entry *entry, struct error **err)
{
	_cleanup_close_ int parent = -1;
	const char *base = "";
	int r;

	if (strlen(entry->path) >= PATH_MAX)
		return error_make(err, ENAMETOOLONG, "a member's path is too long");
	if (strcmp(entry->path, ".") == 0)
		return 0;
	parent = open_parent(u, entry->path, &base, err);
	if (parent < 0)
		return parent;
	r = clear_way(parent, base, entry->mode, entry->path, err);
	return r < 0 ? r : make_member(u, parent, base, entry, err);
}

int unpack_finish(struct unpack *u, struct error **err)
{
	/* the last first, so that a parent is still open to us when its children are done */
	for (size_t i = u->dirs.len; i-- > 0;) {
		const struct later *later = u->dirs.items[i];
		const struct timespec times[2] = { { later->mtime, 0 }, { later->mtime, 0 } };
		_cleanup_close_ int fd =
			open_in_root(u->root, later->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

		/* replaced by a later member */
		if (fd < 0)
			continue;
		if (futimens(fd, times) < 0 || fchmod(fd, later->mode) < 0)
			return error_sys(err, errno, "cannot set mode and time of '%s'",
					 later->path);
	}
	return 0;
}

static void later_free(void *item)
{
	struct later *later = item;

	free(later->path);
	free(later);
}

static void link_free(void *item)
{
	struct link_path *group = item;

	free(group->path);
	free(group);
}

void unpack_close(struct unpack *u)
{
	if (!u)
		return;
	vec_clear(&u->dirs, later_free);
	tdestroy(u->links, link_free);
	close(u->root);
	free(u);
}
