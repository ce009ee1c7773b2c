// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/libpath.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/host/places.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"

/* An `include` in ld.so.conf may include again; more is a loop. */
#define INCLUDE_DEPTH 8

static const char *const default_directories[] = { "/lib",	 "/usr/lib",	   "/lib64",
						   "/usr/lib64", "/usr/local/lib", "/lib32",
						   "/usr/lib32" };

static int push_copy(struct vec *vec, const char *text, struct error **err)
{
	char *copy = strdup(text);

	if (copy && vec_push(vec, copy) == 0)
		return 0;
	free(copy);
	return error_no_memory(err);
}

static int read_conf(struct libpath *path, const struct host *host, const char *file,
		     unsigned depth, struct error **err);

/* Patterns are paths of the target. Nothing there is what an `include` of an empty directory gives.
 */
static int read_included(struct libpath *path, const struct host *host, const char *pattern,
			 unsigned depth, struct error **err)
{
	_cleanup_free_ char *full = NULL;
	struct vec files = { 0 };
	const char *file;
	int r;

	if (asprintf(&full, "%s%s", *pattern == '/' ? "" : "/etc/", pattern) < 0)
		return error_no_memory(err);
	r = host_glob(host, full, &files, err);
	vec_foreach(i, file, &files)
		if (r == 0)
			r = read_conf(path, host, file, depth + 1, err);
	vec_clear(&files, free);
	return r;
}

static int read_conf_line(struct libpath *path, const struct host *host, char *line, unsigned depth,
			  struct error **err)
{
	char *rest = NULL, *word;
	bool include;
	int r = 0;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, " \t\r:,=", &rest);
	if (!word || strcmp(word, "hwcap") == 0)
		return 0;
	include = strcmp(word, "include") == 0;
	if (include)
		word = strtok_r(NULL, " \t\r", &rest);
	for (; word && r == 0; word = strtok_r(NULL, " \t\r:,=", &rest))
		r = include ? read_included(path, host, word, depth, err)
			    : push_copy(&path->configured, word, err);
	return r;
}

/* A file that is not there or cannot be read adds nothing. */
static int read_conf(struct libpath *path, const struct host *host, const char *file,
		     unsigned depth, struct error **err)
{
	_cleanup_free_ char *real = NULL, *text = NULL;
	char *rest = NULL;
	int r = 0;

	if (depth > INCLUDE_DEPTH || host_resolve(host, file, &real, NULL) < 0 ||
	    read_file(real, &text, NULL, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line && r == 0;
	     line = strtok_r(NULL, "\n", &rest))
		r = read_conf_line(path, host, line, depth, err);
	return r;
}

static int libpath_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Debian and the like: the tuple of the architecture is a directory of /lib or /usr/lib. */
static int find_multiarch(struct libpath *path, const struct host *host, const char *lib,
			  struct error **err)
{
	_cleanup_free_ char *real = NULL;
	const struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (host_resolve(host, lib, &real, NULL) < 0 || !(dir = opendir(real)))
		return 0;
	while (r == 0 && (entry = readdir(dir))) {
		_cleanup_free_ char *directory = NULL;

		if (!strstr(entry->d_name, "-linux-") || entry->d_name[0] == '.')
			continue;
		if (asprintf(&directory, "%s/%s", lib, entry->d_name) < 0)
			r = error_no_memory(err);
		else
			r = push_copy(&path->multiarch, directory, err);
	}
	closedir(dir);
	vec_sort(&path->multiarch, libpath_compare);
	return r;
}

int libpath_open(struct libpath *path, const struct host *host, struct error **err)
{
	int r;

	*path = (struct libpath){ 0 };
	r = read_conf(path, host, "/etc/ld.so.conf", 0, err);
	if (r == 0)
		r = read_included(path, host, "/etc/ld-musl-*.path", 0, err);
	if (r == 0)
		r = find_multiarch(path, host, "/lib", err);
	if (r == 0)
		r = find_multiarch(path, host, "/usr/lib", err);
	return r;
}

/* Whether directory/name is a library for the same machine. */
static bool fits(const struct host *host, const struct elf_facts *by, const char *file)
{
	_cleanup_free_ char *real = NULL;
	struct elf_facts facts;
	bool same;

	if (host_resolve_any(host, file, &real, NULL) < 0 || elf_read(real, &facts, NULL) < 0)
		return false;
	same = facts.is_elf && facts.class == by->class && facts.machine == by->machine;
	elf_facts_release(&facts);
	return same;
}

/* 1 and *ret when directory has it. */
static int try_directory(const struct host *host, const struct elf_facts *by, const char *directory,
			 const char *name, char **ret)
{
	char *file;

	if (asprintf(&file, "%s/%s", directory, name) < 0)
		return -ENOMEM;
	if (!fits(host, by, file)) {
		free(file);
		return 0;
	}
	*ret = file;
	return 1;
}

struct expansion {
	const char *origin; /* directory of the file that needs it */
	int origin_len;
	const char *lib;
};

/* $ORIGIN, ${ORIGIN}, $LIB, ${LIB}; $PLATFORM has no directory that a distribution uses. */
static void expand(struct strbuf *to, const char *from, size_t len, const struct expansion *with)
{
	const char *end = from + len;

	while (from < end) {
		static const char *const names[] = { "$ORIGIN", "${ORIGIN}", "$LIB", "${LIB}" };
		size_t i, n = 0;

		for (i = 0; i < ARRAY_SIZE(names); i++) {
			n = strlen(names[i]);
			if ((size_t)(end - from) >= n && memcmp(from, names[i], n) == 0)
				break;
		}
		if (i == ARRAY_SIZE(names))
			strbuf_add_mem(to, from, n = 1);
		else if (i < 2)
			strbuf_add_mem(to, with->origin, (size_t)with->origin_len);
		else
			strbuf_add(to, with->lib);
		from += n;
	}
}

static int try_part(const struct host *host, const struct elf_facts *by, const char *part,
		    size_t len, const struct expansion *with, const char *name, char **ret)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_free_ char *directory = NULL;

	expand(&text, part, len, with);
	directory = strbuf_steal(&text);
	if (!directory)
		return -ENOMEM;
	/* an empty or relative part means the current directory, which nothing here has */
	return *directory == '/' ? try_directory(host, by, directory, name, ret) : 0;
}

/* The directories of an rpath or runpath. $LIB is each of the names that distributions give it. */
static int try_run_path(const struct libpath *path, const struct host *host,
			const struct elf_facts *by, const char *run_path, const char *origin,
			const char *name, char **ret)
{
	const char *slash = strrchr(origin, '/');
	struct expansion with = { origin, slash ? (int)(slash - origin) : 0, "lib64" };
	int r = 0;

	for (const char *part = run_path; r == 0; part += strcspn(part, ":") + 1) {
		size_t len = strcspn(part, ":");
		const char *multiarch;

		with.lib = "lib64";
		r = try_part(host, by, part, len, &with, name, ret);
		vec_foreach(i, multiarch, &path->multiarch) {
			with.lib = multiarch + 1;
			if (r == 0 && memmem(part, len, "LIB", 3))
				r = try_part(host, by, part, len, &with, name, ret);
		}
		with.lib = "lib";
		if (r == 0 && memmem(part, len, "LIB", 3))
			r = try_part(host, by, part, len, &with, name, ret);
		if (!part[len])
			break;
	}
	return r;
}

static int try_vec(const struct host *host, const struct elf_facts *by,
		   const struct vec *directories, const char *name, char **ret)
{
	const char *directory;
	int r = 0;

	vec_foreach(i, directory, directories)
		if (r == 0)
			r = try_directory(host, by, directory, name, ret);
	return r;
}

static int search(const struct libpath *path, const struct host *host, const struct elf_facts *by,
		  const char *origin, const char *name, char **ret, bool *ret_builtin)
{
	const char *run_path = by->runpath ? by->runpath : by->rpath;
	int r = 0;

	*ret_builtin = true;
	if (strchr(name, '/')) {
		if (*name != '/' || !fits(host, by, name))
			return 0;
		*ret = strdup(name);
		return *ret ? 1 : -ENOMEM;
	}
	if (run_path)
		r = try_run_path(path, host, by, run_path, origin, name, ret);
	if (r == 0)
		r = try_vec(host, by, &path->multiarch, name, ret);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(default_directories); i++)
		r = try_directory(host, by, default_directories[i], name, ret);
	if (r != 0)
		return r;
	*ret_builtin = false;
	return try_vec(host, by, &path->configured, name, ret);
}

int libpath_find(const struct libpath *path, const struct host *host, const struct elf_facts *by,
		 const char *origin, const char *name, char **ret, bool *ret_builtin,
		 struct error **err)
{
	int r = search(path, host, by, origin, name, ret, ret_builtin);

	if (r < 0)
		return error_no_memory(err);
	return r ? 0 : -ENOENT;
}

void libpath_release(struct libpath *path)
{
	vec_clear(&path->configured, free);
	vec_clear(&path->multiarch, free);
}
