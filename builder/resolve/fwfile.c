// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: where the kernel looks for a name, with symlinks kept. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"
#include "builder/resolve/firmware.h"
#include "builder/resolve/tree.h"

#define TREE	  "/lib/firmware"
#define LINKS_MAX 40

void firmware_file_free(void *data)
{
	struct firmware_file *file = data;

	free(file->path);
	free(file->source);
	free(file->target);
	free(file);
}

bool firmware_tree(const struct host *host)
{
	struct vec roots = { 0 };
	bool any = host_directories(host, TREE, &roots, NULL) == 0 && roots.len;

	vec_clear(&roots, free);
	return any;
}

/* path below the firmware directory; one of source and target. */
static int fwfile_push(struct vec *files, const char *path, const char *source, const char *target,
		       uint64_t size, struct error **err)
{
	struct firmware_file *file = calloc(1, sizeof(*file));

	if (!file)
		return error_no_memory(err);
	if (asprintf(&file->path, TREE "/%s", path) < 0)
		file->path = NULL;
	file->source = source ? strdup(source) : NULL;
	file->target = target ? strdup(target) : NULL;
	file->size = size;
	if (file->path && (file->source || file->target) && vec_push(files, file) == 0)
		return 0;
	firmware_file_free(file);
	return error_no_memory(err);
}

/* "a/b/../c" -> "a/c", in place. False when it leads out of the directory. */
static bool normalize(char *path)
{
	char *to = path;

	for (char *part = path; *part;) {
		size_t len = strcspn(part, "/");
		bool more = part[len] == '/';

		if (len == 2 && memcmp(part, "..", 2) == 0) {
			if (to == path)
				return false;
			for (to--; to > path && to[-1] != '/'; to--)
				;
		} else if (len && !(len == 1 && *part == '.')) {
			memmove(to, part, len);
			to += len;
			*to++ = '/';
		}
		part += len + more;
	}
	if (to > path)
		to--;
	*to = '\0';
	return to > path;
}

/* Where the symlink at path leads, below the firmware directory; NULL: out of it (or no memory). */
static char *fwfile_follow(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');
	char *next;

	if (*target == '/')
		return NULL;
	if (asprintf(&next, "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path, target) < 0)
		return NULL;
	if (normalize(next))
		return next;
	free(next);
	return NULL;
}

/* One of the firmware directories: an absolute path of the target, and where that is. */
struct fwroot {
	const struct host *host;
	const char *directory; /* host path, without links */
};

static int fwfile_add_at(const struct fwroot *root, const char *name, struct vec *files,
			 struct error **err);

/* A symlink that leads out of the firmware directory becomes the file it leads to. */
static int add_outside(const struct fwroot *root, const char *path, struct vec *files,
		       struct error **err)
{
	_cleanup_free_ char *real = NULL;
	struct stat st;

	if (host_resolve_below(root->host, root->directory, path, &real, NULL) < 0 ||
	    stat(real, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	return fwfile_push(files, path, real, NULL, (uint64_t)st.st_size, err);
}

/* Of the links in a directory those to files bring what they lead to. */
static int add_tree_node(const struct fwroot *root, const struct tree_node *node, const char *name,
			 struct vec *files, struct error **err)
{
	_cleanup_free_ char *real = NULL;
	struct stat st;
	int r;

	if (node->kind == ENTRY_FILE)
		return fwfile_push(files, name, node->source, NULL, node->size, err);
	if (node->kind != ENTRY_SYMLINK)
		return 0;
	if (host_resolve_below(root->host, root->directory, name, &real, NULL) < 0 ||
	    stat(real, &st) < 0 || !S_ISREG(st.st_mode))
		return fwfile_push(files, name, NULL, node->target, 0, err);
	r = fwfile_add_at(root, name, files, err);
	return r == -ENOENT ? 0 : r;
}

static int add_tree(const struct fwroot *root, const char *directory, const char *path,
		    struct vec *files, struct error **err)
{
	struct vec nodes = { 0 };
	const struct tree_node *node;
	int r = tree_list(directory, &nodes, err);

	vec_foreach(i, node, &nodes) {
		_cleanup_free_ char *name = NULL;

		if (r < 0)
			break;
		if (asprintf(&name, "%s/%s", path, node->path) < 0)
			r = error_no_memory(err);
		else
			r = add_tree_node(root, node, name, files, err);
	}
	vec_clear(&nodes, tree_node_free);
	return r;
}

/* The host path of a name, its directories without links. NULL: there is none. */
static char *fwfile_source(const struct fwroot *root, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *above = strndup(path, slash ? (size_t)(slash - path) : 0);
	_cleanup_free_ char *real = NULL;
	char *source;

	if (!above || host_resolve_below(root->host, root->directory, above, &real, NULL) < 0)
		return NULL;
	return asprintf(&source, "%s/%s", real, slash ? slash + 1 : path) < 0 ? NULL : source;
}

/* Whether a directory on the way is a link: targets of links in it count from elsewhere. */
static bool goes_by_link(const struct fwroot *root, const char *path, const char *source)
{
	size_t len = strlen(root->directory);

	return strncmp(source, root->directory, len) != 0 || source[len] != '/' ||
	       strcmp(source + len + 1, path) != 0;
}

/* *next: what a link leads to, NULL when that is all. */
static int add_step(const struct fwroot *root, const char *path, char **next, struct vec *files,
		    struct error **err)
{
	_cleanup_free_ char *source = fwfile_source(root, path);
	char target[PATH_MAX];
	struct stat st;
	ssize_t len;

	if (!source || lstat(source, &st) < 0)
		return -ENOENT;
	if (S_ISDIR(st.st_mode))
		return add_tree(root, source, path, files, err);
	if (S_ISREG(st.st_mode))
		return fwfile_push(files, path, source, NULL, (uint64_t)st.st_size, err);
	len = readlink(source, target, sizeof(target) - 1);
	if (len < 0)
		return -ENOENT;
	target[len] = '\0';
	*next = goes_by_link(root, path, source) ? NULL : fwfile_follow(path, target);
	if (!*next)
		return add_outside(root, path, files, err);
	return fwfile_push(files, path, NULL, target, 0, err);
}

/* What lies at `name` below root. -ENOENT without *err: nothing. */
static int fwfile_add_at(const struct fwroot *root, const char *name, struct vec *files,
			 struct error **err)
{
	_cleanup_free_ char *path = strdup(name);

	for (unsigned links = 0; path && links < LINKS_MAX; links++) {
		char *next = NULL;
		int r = add_step(root, path, &next, files, err);

		free(path);
		path = next;
		if (r < 0 || !next)
			return r;
	}
	return path ? error_make(err, ELOOP, "'%s/%s' is a loop of symlinks", root->directory, name)
		    : error_no_memory(err);
}

static int fwfile_add_glob(const struct fwroot *root, const char *pattern, struct vec *files,
			   struct error **err)
{
	const char *directory = root->directory + strlen(root->host->sysroot);
	_cleanup_free_ char *full = NULL;
	struct vec paths = { 0 };
	const char *path;
	int r;

	if (asprintf(&full, "%s/%s", directory, pattern) < 0)
		return error_no_memory(err);
	r = host_glob(root->host, full, &paths, err);
	if (r == 0 && !paths.len)
		r = -ENOENT;
	vec_foreach(i, path, &paths)
		if (r == 0)
			r = fwfile_add_at(root, path + strlen(directory) + 1, files, err);
	vec_clear(&paths, free);
	return r;
}

static int try_name(const struct fwroot *root, const char *directory, const char *name,
		    const char *ending, struct vec *files, struct error **err)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s%s", directory, name, ending) < 0)
		return error_no_memory(err);
	if (strpbrk(path, "*?["))
		return fwfile_add_glob(root, path, files, err);
	return fwfile_add_at(root, path, files, err);
}

static int try_roots(const struct host *host, const struct vec *roots, const char *directory,
		     const char *name, const char *ending, struct vec *files, struct error **err)
{
	struct fwroot root = { .host = host };
	int r = -ENOENT;

	vec_foreach(i, root.directory, roots)
		if (r == -ENOENT)
			r = try_name(&root, directory, name, ending, files, err);
	return r;
}

/* Names come out of modules: they must not lead out of the firmware directory. */
static bool leads_out(const char *name)
{
	for (const char *p = name; (p = strstr(p, "..")); p += 2)
		if ((p == name || p[-1] == '/') && (!p[2] || p[2] == '/'))
			return true;
	return *name == '/';
}

int firmware_find(const struct host *host, const char *name, struct vec *files, struct error **err)
{
	static const char *const endings[] = { "", ".zst", ".xz" };
	_cleanup_free_ char *updates = NULL, *version = NULL;
	const char *directories[4] = { NULL, "updates/", NULL, "" };
	struct vec roots = { 0 };
	int r = -ENOENT;

	if (leads_out(name))
		return -ENOENT;
	if (asprintf(&updates, "updates/%s/", host->kver) < 0 ||
	    asprintf(&version, "%s/", host->kver) < 0)
		return error_no_memory(err);
	directories[0] = updates;
	directories[2] = version;
	if (host_directories(host, TREE, &roots, NULL) == 0)
		for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(directories); i++)
			for (size_t k = 0; r == -ENOENT && k < ARRAY_SIZE(endings); k++)
				r = try_roots(host, &roots, directories[i], name, endings[k], files,
					      err);
	vec_clear(&roots, free);
	return r;
}
