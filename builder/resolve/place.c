// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"

int program_missing(const struct host *host, const char *path, struct error **err)
{
	return error_make(
		err, ENOENT,
		"'%s' does not exist%s%s: install the package that has it there, or leave this out",
		path, *host->sysroot ? " below " : "", host->sysroot);
}

static int resolve_exact(const struct host *host, const char *path, char **ret, char **ret_host,
			 struct error **err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *directory = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	_cleanup_free_ char *real = NULL;
	size_t len;
	int r;

	if (!directory)
		return error_no_memory(err);
	if (!slash || !slash[1])
		return error_make(err, EINVAL, "'%s' is not the absolute path of a file", path);
	r = host_resolve(host, directory, &real, err);
	if (r == -ENOENT || r == -ENOTDIR)
		return program_missing(host, path, err);
	if (r < 0)
		return r;
	len = strlen(real);
	while (len && real[len - 1] == '/')
		real[--len] = '\0';
	if (asprintf(ret_host, "%s/%s", real, slash + 1) < 0) {
		*ret_host = NULL;
		return error_no_memory(err);
	}
	*ret = strdup(*ret_host + strlen(host->sysroot));
	return *ret ? 0 : error_no_memory(err);
}

static bool is_there(const char *host_path)
{
	struct stat st;

	return lstat(host_path, &st) == 0;
}

int program_place(const struct host *host, const char *path, char **ret, char **ret_host,
		  struct error **err)
{
	int first = resolve_exact(host, path, ret, ret_host, err);

	if (first == 0 ? is_there(*ret_host) : first != -ENOENT)
		return first;
	for (unsigned n = 0;; n++) {
		_cleanup_free_ char *other = host_other_path(path, n), *there = NULL, *real = NULL;

		if (!other)
			return first;
		if (resolve_exact(host, other, &there, &real, NULL) < 0 || !is_there(real))
			continue;
		error_release(err);
		free(*ret);
		free(*ret_host);
		*ret = steal_ptr(&there);
		*ret_host = steal_ptr(&real);
		return 0;
	}
}
