// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "builder/host/host.h"

#define MAX_LINKS 40 /* as the kernel's MAXSYMLINKS */

/* A walk through the target's tree, component by component. */
struct walk {
	size_t root_len;     /* of the sysroot in path */
	char path[PATH_MAX]; /* what is resolved: sysroot and "/a/b" */
	size_t len;
	char rest[2 * PATH_MAX]; /* what is not */
	unsigned links;
};

static int step_back(struct walk *w)
{
	while (w->len > w->root_len && w->path[--w->len] != '/')
		;
	w->path[w->len] = '\0';
	return 0;
}

/* Puts the target of the link in front of the rest. */
static int resolve_follow(struct walk *w, const char *target)
{
	char rest[sizeof(w->rest)];
	int len = snprintf(rest, sizeof(rest), "%s/%s", target, w->rest);

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (len < 0 || (size_t)len >= sizeof(rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, rest, (size_t)len + 1);
	step_back(w);
	if (*target == '/')
		w->path[w->len = w->root_len] = '\0';
	return 0;
}

static int step_into(struct walk *w, const char *name, size_t n)
{
	char target[PATH_MAX];
	ssize_t got;

	if (w->len + 1 + n >= sizeof(w->path))
		return -ENAMETOOLONG;
	w->path[w->len++] = '/';
	memcpy(w->path + w->len, name, n);
	w->path[w->len += n] = '\0';
	got = readlink(w->path, target, sizeof(target) - 1);
	if (got < 0)
		return errno == EINVAL ? 0 : -errno;
	target[got] = '\0';
	return resolve_follow(w, target);
}

/* Takes the next component off the rest. -ENOENT and the like from the step. */
static int resolve_step(struct walk *w)
{
	char name[NAME_MAX + 1];
	const char *start = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(start, "/");

	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, start, n);
	name[n] = '\0';
	memmove(w->rest, start + n, strlen(start + n) + 1);
	if (!n || !strcmp(name, "."))
		return 0;
	return strcmp(name, "..") ? step_into(w, name, n) : step_back(w);
}

static int walk_all(struct walk *w, const struct host *host, const char *path)
{
	int r = 0;

	w->len = w->root_len = strlen(host->sysroot);
	if (w->len >= sizeof(w->path) || strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(w->path, host->sysroot, w->len + 1);
	memcpy(w->rest, path, strlen(path) + 1);
	while (r == 0 && *w->rest)
		r = resolve_step(w);
	return r;
}

int host_resolve(const struct host *host, const char *path, char **ret, struct error **err)
{
	struct walk *w = calloc(1, sizeof(*w));
	const char *below = *host->sysroot ? " below " : "";
	char *real = NULL;
	int r = w ? walk_all(w, host, path) : -ENOMEM;

	if (r == 0)
		real = strdup(w->len ? w->path : "/");
	free(w);
	if (r == -ENOENT || r == -ENOTDIR)
		return error_make(err, r, "'%s' does not exist%s%s", path, below, host->sysroot);
	if (r < 0)
		return error_sys(err, r, "cannot follow '%s'%s%s", path, below, host->sysroot);
	if (!real)
		return error_no_memory(err);
	*ret = real;
	return 0;
}
