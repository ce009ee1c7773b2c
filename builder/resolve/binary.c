// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/binary.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"
#include "builder/resolve/place.h"

#define LINKS_MAX 40 /* as the kernel */

static void file_free(void *data)
{
	struct binary_file *file = data;

	free(file->path);
	free(file->source);
	free(file->target);
	free(file->reason);
	free(file);
}

static const struct binary_file *file_at(const struct binary_set *set, const char *path)
{
	const struct binary_file *file;

	vec_foreach(i, file, &set->files)
		if (strcmp(file->path, path) == 0)
			return file;
	return NULL;
}

static bool binary_has(const struct binary_set *set, const char *path)
{
	return file_at(set, path);
}

static char *copy(const char *text, bool *failed)
{
	char *result = text ? strdup(text) : NULL;

	*failed |= text && !result;
	return result;
}

/* source or target is NULL, reason may be; all are copied. */
static int binary_push(struct binary_set *set, const char *path, const char *source,
		       const char *target, const char *reason, struct error **err)
{
	struct binary_file *file = calloc(1, sizeof(*file));
	bool failed = false;

	if (!file)
		return error_no_memory(err);
	file->path = copy(path, &failed);
	file->source = copy(source, &failed);
	file->target = copy(target, &failed);
	file->reason = copy(reason, &failed);
	if (!failed && vec_push(&set->files, file) == 0)
		return 0;
	file_free(file);
	return error_no_memory(err);
}

/* Where a symlink at path leads: absolute, not yet resolved. */
static char *link_destination(const char *path, const char *target)
{
	const char *slash = strrchr(path, '/');
	char *destination;

	if (*target == '/')
		return strdup(target);
	if (asprintf(&destination, "%.*s/%s", (int)(slash - path), path, target) < 0)
		return NULL;
	return destination;
}

/* Records the symlink; *ret_next is where it leads, with its directories resolved. */
static int add_link(struct binary_set *set, const char *path, const char *host_path,
		    const char *reason, char **ret_next, struct error **err)
{
	_cleanup_free_ char *destination = NULL, *ignored = NULL;
	char target[PATH_MAX];
	ssize_t len = readlink(host_path, target, sizeof(target) - 1);
	int r;

	if (len < 0)
		return error_sys(err, errno, "cannot read the symlink '%s'", host_path);
	target[len] = '\0';
	destination = link_destination(path, target);
	if (!destination)
		return error_no_memory(err);
	r = program_place(set->host, destination, ret_next, &ignored, err);
	if (r < 0)
		return error_wrap(err, "symlink '%s'", path);
	if (binary_has(set, path))
		return 0;
	return binary_push(set, path, NULL, strchr(target, '/') ? *ret_next : target, reason, err);
}

static int add_needs(struct binary_set *set, const char *path, const char *host_path,
		     struct error **err);

/* The regular file at the end of a chain of symlinks. */
static int add_regular(struct binary_set *set, const char *path, const char *host_path,
		       const struct stat *st, const char *reason, struct error **err)
{
	struct binary_file *file;
	int r;

	if (!S_ISREG(st->st_mode))
		return error_make(err, EINVAL, "'%s' is not a regular file", host_path);
	if (!set->program)
		set->last = file_at(set, path);
	if (binary_has(set, path))
		return 0;
	r = binary_push(set, path, host_path, NULL, reason, err);
	if (r < 0)
		return r;
	file = set->files.items[set->files.len - 1];
	file->size = (uint64_t)st->st_size;
	if (!set->program)
		set->last = file;
	return add_needs(set, path, host_path, err);
}

/* Where a directory on the way is a link, the file is looked for by its first name at boot as well.
 */
static int add_other_name(struct binary_set *set, const char *wanted, const char *path,
			  const char *reason, struct error **err)
{
	_cleanup_free_ char *name = strdup(wanted);

	if (!name)
		return error_no_memory(err);
	path_tidy(name);
	if (!*name || strcmp(name, path) == 0 || binary_has(set, name))
		return 0;
	return binary_push(set, name, NULL, path, reason, err);
}

static int add_path(struct binary_set *set, const char *wanted, const char *reason,
		    struct error **err)
{
	_cleanup_free_ char *next = strdup(wanted);

	for (unsigned links = 0; links < LINKS_MAX; links++) {
		_cleanup_free_ char *path = NULL, *host_path = NULL;
		struct stat st;
		int r;

		if (!next)
			return error_no_memory(err);
		r = program_place(set->host, next, &path, &host_path, err);
		if (r < 0)
			return r;
		if (lstat(host_path, &st) < 0)
			return errno == ENOENT ? program_missing(set->host, path, err)
					       : error_sys(err, errno, "'%s'", host_path);
		r = add_other_name(set, next, path, reason, err);
		if (r < 0)
			return r;
		if (!S_ISLNK(st.st_mode))
			return add_regular(set, path, host_path, &st, reason, err);
		free(steal_ptr(&next));
		r = add_link(set, path, host_path, reason, &next, err);
		if (r < 0)
			return r;
	}
	return error_make(err, ELOOP, "'%s' is a loop of symlinks", wanted);
}

/* A library found through ld.so.conf only is not where the linker of an image without ld.so.cache
 * looks: a link in /lib. */
static int add_alias(struct binary_set *set, const char *name, const char *library,
		     const char *reason, struct error **err)
{
	_cleanup_free_ char *path = NULL, *target = NULL, *ignored = NULL;
	int r = program_place(set->host, library, &target, &ignored, err);

	if (r < 0)
		return r;
	if (asprintf(&path, "/lib/%s", name) < 0)
		return error_no_memory(err);
	return binary_has(set, path) ? 0 : binary_push(set, path, NULL, target, reason, err);
}

static int find_library(struct binary_set *set, const struct elf_facts *facts, const char *path,
			const char *name, char **ret, bool *ret_builtin, struct error **err)
{
	int r = libpath_find(&set->libpath, set->host, facts, path, name, ret, ret_builtin, err);

	if (r == -ENOENT && set->program && set->program != facts && set->program->rpath &&
	    !set->program->runpath)
		r = libpath_find(&set->libpath, set->host, set->program, set->program_path, name,
				 ret, ret_builtin, err);
	return r;
}

static int add_library(struct binary_set *set, const struct elf_facts *facts, const char *path,
		       const char *name, struct error **err)
{
	_cleanup_free_ char *library = NULL, *reason = NULL;
	bool builtin;
	int r = find_library(set, facts, path, name, &library, &builtin, err);

	if (r == -ENOENT)
		return error_make(err, ENOENT,
				  "'%s' needs the library '%s', which is not found%s%s", path, name,
				  *set->host->sysroot ? " below " : "", set->host->sysroot);
	if (r < 0)
		return r;
	if (asprintf(&reason, "library of %s", path) < 0)
		return error_no_memory(err);
	r = add_path(set, library, reason, err);
	return r == 0 && !builtin ? add_alias(set, name, library, reason, err) : r;
}

/* "#!/usr/bin/env NAME": NAME is looked for like a command of the target. */
static int add_env_program(struct binary_set *set, const char *name, const char *reason,
			   struct error **err)
{
	static const char *const directories[] = { "/usr/local/bin", "/usr/bin", "/bin",
						   "/usr/sbin", "/sbin" };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		_cleanup_free_ char *path = NULL, *real = NULL;

		if (asprintf(&path, "%s/%s", directories[i], name) < 0)
			return error_no_memory(err);
		if (host_resolve(set->host, path, &real, NULL) == 0)
			return add_path(set, path, reason, err);
	}
	return error_make(err, ENOENT,
			  "the interpreter '%s' is in none of the target's bin directories", name);
}

static bool is_env(const struct elf_facts *facts)
{
	const char *slash = strrchr(facts->interpreter, '/');

	return !facts->is_elf && slash && strcmp(slash, "/env") == 0 && facts->argument &&
	       *facts->argument != '-' && !strchr(facts->argument, '=');
}

static int add_interpreter(struct binary_set *set, const struct elf_facts *facts, const char *path,
			   struct error **err)
{
	_cleanup_free_ char *reason = NULL;
	int r;

	if (asprintf(&reason, "interpreter of %s", path) < 0)
		return error_no_memory(err);
	r = add_path(set, facts->interpreter, reason, err);
	if (r == 0 && is_env(facts))
		r = add_env_program(set, facts->argument, reason, err);
	return r < 0 && r != -ENOMEM ? error_wrap(err, "interpreter of '%s'", path) : r;
}

/* Threads of glibc that end by themselves load it at that moment, as argon2's do; musl has no such
 * thing. */
static int add_unwinder(struct binary_set *set, const struct elf_facts *facts, const char *path,
			struct error **err)
{
	_cleanup_error_ struct error *problem = NULL;
	int r = add_library(set, facts, path, "libgcc_s.so.1", &problem);

	return r == 0 || r == -ENOENT ? 0 : error_move(err, steal_ptr(&problem));
}

static int add_all(struct binary_set *set, const struct elf_facts *facts, const char *path,
		   struct error **err)
{
	const char *name;
	int r = facts->interpreter ? add_interpreter(set, facts, path, err) : 0;

	vec_foreach(i, name, &facts->needed) {
		if (r == 0)
			r = add_library(set, facts, path, name, err);
		if (r == 0 && strncmp(name, "libargon2.so.", 13) == 0)
			r = add_unwinder(set, facts, path, err);
	}
	return r;
}

/* The recursion ends because each file is looked into once. */
static int add_needs(struct binary_set *set, const char *path, const char *host_path,
		     struct error **err)
{
	const struct elf_facts *outer = set->program;
	const char *outer_path = set->program_path;
	struct elf_facts facts;
	int r = elf_read(host_path, &facts, err);

	if (r < 0)
		return r;
	if (!outer || facts.interpreter) {
		set->program = &facts;
		set->program_path = path;
	}
	r = add_all(set, &facts, path, err);
	set->program = outer;
	set->program_path = outer_path;
	elf_facts_release(&facts);
	return r;
}

int binary_set_open(struct binary_set *set, const struct host *host, struct error **err)
{
	*set = (struct binary_set){ .host = host };
	return libpath_open(&set->libpath, host, err);
}

int binary_set_add(struct binary_set *set, const char *path, struct error **err)
{
	set->program = NULL;
	set->last = NULL;
	return add_path(set, path, NULL, err);
}

int binary_set_add_loaded(struct binary_set *set, const char *name, struct error **err)
{
	const struct binary_file *by = set->last;
	struct elf_facts facts;
	int r;

	if (!by)
		return error_make(err, ENOENT, "there is no program that loads '%s'", name);
	r = elf_read(by->source, &facts, err);
	if (r < 0)
		return r;
	set->program = &facts;
	set->program_path = by->path;
	r = add_library(set, &facts, by->path, name, err);
	set->program = NULL;
	elf_facts_release(&facts);
	return r;
}

void binary_set_release(struct binary_set *set)
{
	vec_clear(&set->files, file_free);
	libpath_release(&set->libpath);
}
