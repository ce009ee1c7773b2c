// SPDX-License-Identifier: GPL-2.0-or-later
/* Files: where the kernel looks for a name, with symlinks kept. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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
	_cleanup_free_ char *real = NULL;
	struct stat st;

	return host_resolve(host, TREE, &real, NULL) == 0 && stat(real, &st) == 0 &&
	       S_ISDIR(st.st_mode);
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

/* A symlink that leads out of the firmware directory becomes the file it leads to. */
static int add_outside(const struct host *host, const char *path, struct vec *files,
		       struct error **err)
{
	_cleanup_free_ char *wanted = NULL, *real = NULL;
	struct stat st;

	if (asprintf(&wanted, TREE "/%s", path) < 0)
		return error_no_memory(err);
	if (host_resolve(host, wanted, &real, NULL) < 0 || stat(real, &st) < 0 ||
	    !S_ISREG(st.st_mode))
		return -ENOENT;
	return fwfile_push(files, path, real, NULL, (uint64_t)st.st_size, err);
}

static int add_tree(const char *directory, const char *path, struct vec *files, struct error **err)
{
	struct vec nodes = { 0 };
	const struct tree_node *node;
	int r = tree_list(directory, &nodes, err);

	vec_foreach(i, node, &nodes)
	{
		_cleanup_free_ char *name = NULL;

		if (r < 0)
			break;
		if (asprintf(&name, "%s/%s", path, node->path) < 0)
			r = error_no_memory(err);
		else if (node->kind == ENTRY_FILE || node->kind == ENTRY_SYMLINK)
			r = fwfile_push(files, name, node->kind == ENTRY_FILE ? node->source : NULL,
					node->target, node->size, err);
	}
	vec_clear(&nodes, tree_node_free);
	return r;
}

/* What lies at `name` below root. -ENOENT without *err: nothing. */
static int add_at(const struct host *host, const char *root, const char *name, struct vec *files,
		  struct error **err)
{
	_cleanup_free_ char *path = strdup(name);

	for (unsigned links = 0; path && links < LINKS_MAX; links++) {
		_cleanup_free_ char *source = NULL, *next = NULL;
		char target[PATH_MAX];
		struct stat st;
		ssize_t len;
		int r;

		if (asprintf(&source, "%s/%s", root, path) < 0)
			return error_no_memory(err);
		if (lstat(source, &st) < 0)
			return -ENOENT;
		if (S_ISDIR(st.st_mode))
			return add_tree(source, path, files, err);
		if (S_ISREG(st.st_mode))
			return fwfile_push(files, path, source, NULL, (uint64_t)st.st_size, err);
		len = readlink(source, target, sizeof(target) - 1);
		if (len < 0)
			return -ENOENT;
		target[len] = '\0';
		next = fwfile_follow(path, target);
		if (!next)
			return add_outside(host, path, files, err);
		r = fwfile_push(files, path, NULL, target, 0, err);
		if (r < 0)
			return r;
		free(path);
		path = steal_ptr(&next);
	}
	return path ? error_make(err, ELOOP, "'%s/%s' is a loop of symlinks", root, name)
		    : error_no_memory(err);
}

static int fwfile_add_glob(const struct host *host, const char *root, const char *pattern,
			   struct vec *files, struct error **err)
{
	_cleanup_free_ char *full = NULL;
	struct vec paths = { 0 };
	const char *path;
	int r;

	if (asprintf(&full, "%s/%s", root, pattern) < 0)
		return error_no_memory(err);
	r = tree_glob(full, &paths, NULL) < 0 ? -ENOENT : 0;
	vec_foreach(i, path, &paths) if (r == 0) r =
		add_at(host, root, path + strlen(root) + 1, files, err);
	vec_clear(&paths, free);
	return r;
}

static int try_name(const struct host *host, const char *root, const char *directory,
		    const char *name, const char *ending, struct vec *files, struct error **err)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s%s", directory, name, ending) < 0)
		return error_no_memory(err);
	if (strpbrk(path, "*?["))
		return fwfile_add_glob(host, root, path, files, err);
	return add_at(host, root, path, files, err);
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
	_cleanup_free_ char *root = NULL, *updates = NULL, *version = NULL;
	const char *directories[4] = { NULL, "updates/", NULL, "" };

	if (leads_out(name) || host_resolve(host, TREE, &root, NULL) < 0)
		return -ENOENT;
	if (asprintf(&updates, "updates/%s/", host->kver) < 0 ||
	    asprintf(&version, "%s/", host->kver) < 0)
		return error_no_memory(err);
	directories[0] = updates;
	directories[2] = version;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		for (size_t k = 0; k < ARRAY_SIZE(endings); k++) {
			int r = try_name(host, root, directories[i], name, endings[k], files, err);

			if (r != -ENOENT)
				return r;
		}
	return -ENOENT;
}
