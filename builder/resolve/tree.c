// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/tree.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper trees are a mistake or an attack; also bounds the open directories. */
#define DEPTH_LIMIT 64

void tree_node_free(void *data)
{
	struct tree_node *node = data;

	if (!node)
		return;
	free(node->path);
	free(node->source);
	free(node->target);
	free(node);
}

static int read_target(struct tree_node *node, struct error **err)
{
	char target[PATH_MAX];
	ssize_t len = readlink(node->source, target, sizeof(target) - 1);

	if (len < 0)
		return error_sys(err, errno, "cannot read the symlink '%s'", node->source);
	target[len] = '\0';
	node->target = strdup(target);
	return node->target ? 0 : error_no_memory(err);
}

static int set_kind(struct tree_node *node, const struct stat *st, struct error **err)
{
	bool runs = st->st_mode & 0100;

	node->mode = S_ISDIR(st->st_mode) || runs ? 0755 : 0644;
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		node->kind = ENTRY_FILE;
		node->size = (uint64_t)st->st_size;
		return 0;
	case S_IFDIR:
		node->kind = ENTRY_DIR;
		return 0;
	case S_IFLNK:
		node->kind = ENTRY_SYMLINK;
		return read_target(node, err);
	case S_IFIFO:
		node->kind = ENTRY_PIPE;
		return 0;
	case S_IFBLK:
	case S_IFCHR:
		node->kind = ENTRY_NODE;
		node->rdev = st->st_rdev;
		node->node_mode = st->st_mode;
		return 0;
	default:
		return error_make(err, EINVAL, "'%s' is a socket", node->source);
	}
}

/* path and source are copied. */
static int make_node(const char *path, const char *source, bool follow, struct tree_node **ret,
		     struct error **err)
{
	struct tree_node *node = calloc(1, sizeof(*node));
	struct stat st;
	int r;

	if (!node)
		return error_no_memory(err);
	node->path = strdup(path);
	node->source = strdup(source);
	if (!node->path || !node->source)
		r = error_no_memory(err);
	else if ((follow ? stat(source, &st) : lstat(source, &st)) < 0)
		r = error_sys(err, errno, "cannot find '%s'", source);
	else
		r = set_kind(node, &st, err);
	if (r < 0) {
		tree_node_free(node);
		return r;
	}
	*ret = node;
	return 0;
}

int tree_probe(const char *path, bool follow, struct tree_node **ret, struct error **err)
{
	const char *slash = strrchr(path, '/');

	return make_node(slash ? slash + 1 : path, path, follow, ret, err);
}

static bool unwanted(const char *name)
{
	return name[0] == '.' || name[strlen(name) - 1] == '~';
}

static int list_tree_directory(const char *directory, const char *prefix, unsigned depth,
			       struct vec *nodes, struct error **err);

static int list_entry(const char *directory, const char *prefix, const char *name, unsigned depth,
		      struct vec *nodes, struct error **err)
{
	_cleanup_free_ char *source = NULL, *path = NULL;
	struct tree_node *node = NULL;
	int r;

	if (asprintf(&source, "%s/%s", directory, name) < 0 ||
	    asprintf(&path, "%s%s", prefix, name) < 0)
		return error_no_memory(err);
	r = make_node(path, source, false, &node, err);
	if (r < 0)
		return r;
	if (vec_push(nodes, node) < 0) {
		tree_node_free(node);
		return error_no_memory(err);
	}
	if (node->kind != ENTRY_DIR)
		return 0;
	free(path);
	path = NULL;
	if (asprintf(&path, "%s%s/", prefix, name) < 0)
		return error_no_memory(err);
	return list_tree_directory(source, path, depth + 1, nodes, err);
}

static int list_tree_directory(const char *directory, const char *prefix, unsigned depth,
			       struct vec *nodes, struct error **err)
{
	const struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (depth > DEPTH_LIMIT)
		return error_make(err, ELOOP, "'%s' is nested more than %d directories deep",
				  directory, DEPTH_LIMIT);
	dir = opendir(directory);
	if (!dir)
		return error_sys(err, errno, "cannot read the directory '%s'", directory);
	while (r == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			if (errno)
				r = error_sys(err, errno, "cannot read the directory '%s'",
					      directory);
			break;
		}
		if (!unwanted(entry->d_name))
			r = list_entry(directory, prefix, entry->d_name, depth, nodes, err);
	}
	closedir(dir);
	return r;
}

static int compare_nodes(const void *a, const void *b)
{
	const struct tree_node *left = a, *right = b;

	return strcmp(left->path, right->path);
}

int tree_list(const char *directory, struct vec *nodes, struct error **err)
{
	int r = list_tree_directory(directory, "", 0, nodes, err);

	vec_sort(nodes, compare_nodes);
	return r;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int copy_paths(const glob_t *found, struct vec *paths, struct error **err)
{
	for (size_t i = 0; i < found->gl_pathc; i++) {
		char *path = strdup(found->gl_pathv[i]);

		if (!path || vec_push(paths, path) < 0) {
			free(path);
			return error_no_memory(err);
		}
	}
	/* glob sorts by locale */
	vec_sort(paths, compare_strings);
	return 0;
}

int tree_glob(const char *pattern, struct vec *paths, struct error **err)
{
	glob_t found;
	int r;

	switch (glob(pattern, GLOB_ERR | GLOB_NOSORT, NULL, &found)) {
	case 0:
		r = copy_paths(&found, paths, err);
		globfree(&found);
		return r;
	case GLOB_NOMATCH:
		return error_make(err, ENOENT, "nothing matches '%s'", pattern);
	case GLOB_NOSPACE:
		return error_no_memory(err);
	default:
		return error_sys(err, errno ? errno : EIO, "cannot read a directory of '%s'",
				 pattern);
	}
}
