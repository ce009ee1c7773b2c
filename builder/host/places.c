// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/host/places.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char *join(const char *front, const char *rest)
{
	char *path;

	return asprintf(&path, "%s%s", front, rest) < 0 ? NULL : path;
}

void path_tidy(char *path)
{
	char *to = path;

	for (const char *part = path; *part;) {
		size_t len = strcspn(part, "/");

		if (len == 2 && memcmp(part, "..", 2) == 0) {
			while (to > path && *--to != '/')
				;
		} else if (len && !(len == 1 && *part == '.')) {
			*to++ = '/';
			memmove(to, part, len);
			to += len;
		}
		part += len;
		part += strspn(part, "/");
	}
	*to = '\0';
}

char *host_other_path(const char *path, unsigned n)
{
	static const char *const programs[] = { "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/" };
	size_t own = ARRAY_SIZE(programs);

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (strncmp(path, programs[i], strlen(programs[i])) == 0)
			own = i;
	if (own < ARRAY_SIZE(programs)) {
		n += n >= own;
		return n < ARRAY_SIZE(programs) ? join(programs[n], path + strlen(programs[own]))
						: NULL;
	}
	if (n)
		return NULL;
	if (strncmp(path, "/usr/lib", 8) == 0)
		return strdup(path + 4);
	return strncmp(path, "/lib", 4) == 0 ? join("/usr", path) : NULL;
}

int host_resolve_any(const struct host *host, const char *path, char **ret, struct error **err)
{
	int first = host_resolve(host, path, ret, err), r = first;

	for (unsigned n = 0; r == -ENOENT || r == -ENOTDIR; n++) {
		_cleanup_free_ char *other = host_other_path(path, n);

		if (!other)
			return first;
		r = host_resolve(host, other, ret, NULL);
		if (r == 0)
			error_release(err);
	}
	return r == 0 ? 0 : first;
}

static int push_path(struct vec *paths, char *path, struct error **err)
{
	if (path && vec_push(paths, path) == 0)
		return 0;
	free(path);
	return error_no_memory(err);
}

static int add_directory(const struct host *host, const char *path, struct vec *ret,
			 struct error **err)
{
	char *real = NULL;
	const char *known;
	struct stat st;
	int r = host_resolve(host, path, &real, err);

	if (r == -ENOENT || r == -ENOTDIR) {
		error_release(err);
		return 0;
	}
	if (r < 0)
		return r;
	vec_foreach(i, known, ret) {
		if (strcmp(known, real) != 0)
			continue;
		free(real);
		return 0;
	}
	if (stat(real, &st) == 0 && S_ISDIR(st.st_mode))
		return push_path(ret, real, err);
	free(real);
	return 0;
}

int host_directories(const struct host *host, const char *path, struct vec *ret, struct error **err)
{
	int r = add_directory(host, path, ret, err);

	for (unsigned n = 0; r == 0; n++) {
		_cleanup_free_ char *other = host_other_path(path, n);

		if (!other)
			return 0;
		r = add_directory(host, other, ret, err);
	}
	return r;
}

int host_resolve_below(const struct host *host, const char *directory, const char *name, char **ret,
		       struct error **err)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s/%s", directory + strlen(host->sysroot), name) < 0) {
		path = NULL;
		return error_no_memory(err);
	}
	return host_resolve(host, path, ret, err);
}

/* Appends base/NAME for each entry of base that the first `len` bytes of pattern match. */
static int glob_directory(const struct host *host, const char *base, const char *pattern,
			  size_t len, struct vec *found, struct error **err)
{
	_cleanup_free_ char *part = strndup(pattern, len), *real = NULL;
	const struct dirent *entry;
	int r = 0;
	DIR *dir;

	if (!part)
		return error_no_memory(err);
	if (host_resolve(host, *base ? base : "/", &real, NULL) < 0 || !(dir = opendir(real)))
		return 0;
	while (r == 0 && (entry = readdir(dir))) {
		char *path;

		if (fnmatch(part, entry->d_name, FNM_PERIOD) != 0)
			continue;
		path = asprintf(&path, "%s/%s", base, entry->d_name) < 0 ? NULL : path;
		r = push_path(found, path, err);
	}
	closedir(dir);
	return r;
}

static bool exists(const struct host *host, const char *path)
{
	_cleanup_free_ char *real = NULL;

	return host_resolve(host, path, &real, NULL) == 0;
}

/* One component of the pattern for all that matched so far. */
static int glob_step(const struct host *host, const struct vec *bases, const char *pattern,
		     size_t len, struct vec *found, struct error **err)
{
	bool plain = strcspn(pattern, "*?[\\") >= len;
	const char *base;
	int r = 0;

	vec_foreach(i, base, bases) {
		char *path = NULL;

		if (!plain)
			r = glob_directory(host, base, pattern, len, found, err);
		else if (asprintf(&path, "%s/%.*s", base, (int)len, pattern) < 0)
			r = error_no_memory(err);
		else if (exists(host, path))
			r = push_path(found, path, err);
		else
			free(path);
		if (r < 0)
			break;
	}
	return r;
}

static int places_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int host_glob(const struct host *host, const char *pattern, struct vec *paths, struct error **err)
{
	struct vec bases = { 0 };
	const char *part = pattern + strspn(pattern, "/");
	int r = push_path(&bases, strdup(""), err);

	while (r == 0 && *part) {
		struct vec next = { 0 };
		size_t len = strcspn(part, "/");

		r = glob_step(host, &bases, part, len, &next, err);
		vec_clear(&bases, free);
		bases = next;
		part += len;
		part += strspn(part, "/");
	}
	vec_sort(&bases, places_compare);
	for (size_t i = 0; i < bases.len; i++) {
		char *path = bases.items[i];

		bases.items[i] = NULL;
		if (r == 0)
			r = push_path(paths, path, err);
		else
			free(path);
	}
	vec_clear(&bases, NULL);
	return r;
}
