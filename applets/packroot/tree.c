// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/msg.h"

/* Absurdly deep trees run out of path length long before they run out of stack. */
#define MAX_DEPTH 200

static int is_name(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visit_below(const struct tree *tree, const char *path, dev_t device, unsigned int depth,
		       struct error **err);

static int visit_one(const struct tree *tree, const char *path, dev_t device, unsigned int depth,
		     struct error **err)
{
	struct stat st;
	int r;

	if (list_excludes(tree->exclude, path) || lstat(path, &st) < 0)
		return 0;
	r = tree->visit(tree->data, path, err);
	if (r < 0 || !S_ISDIR(st.st_mode) || st.st_dev != device)
		return r;
	return visit_below(tree, path, device, depth + 1, err);
}

static int visit_entry(const struct tree *tree, const char *path, const char *name, dev_t device,
		       unsigned int depth, struct error **err)
{
	_cleanup_free_ char *child = NULL;

	if (asprintf(&child, "%s/%s", path, name) < 0) {
		child = NULL;
		return error_sys(err, ENOMEM, "'%s'", path);
	}
	return visit_one(tree, child, device, depth, err);
}

static int visit_below(const struct tree *tree, const char *path, dev_t device, unsigned int depth,
		       struct error **err)
{
	struct dirent **entries;
	int i, r = 0, n = depth > MAX_DEPTH ? -1 : scandir(path, &entries, is_name, by_bytes);

	if (n < 0 && depth <= MAX_DEPTH && errno == ENOENT)
		return 0;
	if (n < 0) {
		msg(MSG_WARNING, "'%s' is not read: %s", path,
		    depth > MAX_DEPTH ? "too deep" : strerror(errno));
		return 0;
	}
	for (i = 0; i < n; i++) {
		if (r == 0)
			r = visit_entry(tree, path, entries[i]->d_name, device, depth, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* The directories that lead to path, so that they come back with their owners and modes. */
static int visit_parents(const struct tree *tree, const char *path, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);
	struct stat st;
	char *slash;
	int r = 0;

	if (!copy)
		return error_sys(err, ENOMEM, "'%s'", path);
	for (slash = strchr(copy, '/'); slash && r == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (lstat(copy, &st) == 0 && S_ISDIR(st.st_mode))
			r = tree->visit(tree->data, copy, err);
		*slash = '/';
	}
	return r;
}

int tree_walk(const struct tree *tree, struct error **err)
{
	struct stat root, st;
	size_t i;
	int r = 0;

	if (stat(".", &root) < 0)
		return error_sys(err, errno, "root");
	for (i = 0; i < tree->files->count && r == 0; i++) {
		const char *path = tree->files->items[i];

		path += *path == '/';
		if (!*path || lstat(path, &st) < 0)
			continue;
		r = visit_parents(tree, path, err);
		if (r == 0)
			r = visit_one(tree, path, root.st_dev, 0, err);
	}
	return r;
}
