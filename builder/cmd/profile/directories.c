// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/profile/directories.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"
#include "builder/util/suggest.h"

#define SUFFIX	     ".profile"
#define MAX_FILE_LEN (1 * MIB)

static int add_search_directory(struct vec *directories, const char *path, size_t len)
{
	char *copy = len ? strndup(path, len) : NULL;

	if (!len)
		return 0;
	if (copy && vec_push(directories, copy) == 0)
		return 0;
	free(copy);
	return -ENOMEM;
}

static int add_directory_list(struct vec *directories, const char *list)
{
	while (list && *list) {
		size_t len = strcspn(list, ":");
		int r = add_search_directory(directories, list, len);

		if (r < 0)
			return r;
		list += len + (list[len] == ':');
	}
	return 0;
}

int profile_directories_init(struct profile_directories *directories, const struct host *host,
			     struct error **err)
{
	static const char local[] = "/etc/mkvinitrd/profiles";
	_cleanup_free_ char *shipped = NULL;
	int r = -ENOMEM;

	*directories = (struct profile_directories){ 0 };
	if (!host->data_dir || asprintf(&shipped, "%s/profiles", host->data_dir) >= 0)
		r = add_directory_list(&directories->directories, getenv("MKVINITRD_PROFILES"));
	if (r == 0)
		r = add_search_directory(&directories->directories, local, strlen(local));
	if (r == 0 && shipped)
		r = add_search_directory(&directories->directories, shipped, strlen(shipped));
	if (r == 0)
		return 0;
	profile_directories_release(directories);
	return error_sys(err, r, "cannot list the profile directories");
}

void profile_directories_release(struct profile_directories *directories)
{
	vec_clear(&directories->directories, free);
}

/* Below the current directory paths are shown relative to it: messages stay short. */
static char *canonical(const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL), *cwd = getcwd(NULL, 0);
	size_t len = cwd ? strlen(cwd) : 0;

	if (real && len > 1 && !strncmp(real, cwd, len) && real[len] == '/')
		return strdup(real + len + 1);
	return steal_ptr(&real);
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* The file that `profile edit` has open: its text is in a copy, which can include what has its
 * name.
 */
static bool is_edited(const char *path)
{
	const char *edited = getenv("MKVINITRD_EDITED");

	return edited && !strcmp(path, edited);
}

/* directory/name, with the suffix when it needs one. NULL when there is none, or when it is `not`.
 */
static char *try_path(const char *directory, const char *name, const char * not )
{
	static const char *const suffixes[] = { "", SUFFIX };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = NULL, *real = NULL;

		if (asprintf(&path, "%s%s%s%s", directory ? directory : "", directory ? "/" : "",
			     name, suffixes[i]) < 0) {
			path = NULL;
			return NULL;
		}
		if (!is_file(path))
			continue;
		real = canonical(path);
		if (real && (!not || (strcmp(real, not ) != 0 && !is_edited(real))))
			return steal_ptr(&real);
	}
	return NULL;
}

static char *search(const struct profile_directories *directories, const char *name,
		    const char * not )
{
	const char *directory;

	vec_foreach(i, directory, &directories->directories) {
		char *path = try_path(directory, name, not );

		if (path)
			return path;
	}
	return NULL;
}

static char *find_included(const struct profile_directories *directories, const char *name,
			   const char *from)
{
	const char *slash = from ? strrchr(from, '/') : NULL;
	_cleanup_free_ char *beside = slash ? strndup(from, (size_t)(slash - from)) : NULL;
	char *path;

	if (*name == '/')
		return try_path(NULL, name, NULL);
	path = try_path(beside, name, from);
	if (!path)
		path = search(directories, name, from);
	/* nothing but the including file itself: let the parser tell of the cycle */
	return path ? path : try_path(beside, name, NULL);
}

static int load_directories_load(void *context, const char *name, const char *from, char **ret_path,
				 char **ret_text, size_t *ret_len, struct error **err)
{
	_cleanup_free_ char *path = find_included(context, name, from), *text = NULL;
	struct stat st;
	size_t len;
	int r;

	if (!path)
		return error_make(err, ENOENT,
				  "no such file beside the including one or in the "
				  "profile directories");
	if (stat(path, &st) == 0 && (uint64_t)st.st_size > MAX_FILE_LEN)
		return error_make(err, EFBIG, "'%s' has %lld bytes; a profile has at most %llu",
				  path, (long long)st.st_size, MAX_FILE_LEN);
	r = read_file(path, &text, &len, err);
	if (r < 0)
		return r;
	*ret_path = steal_ptr(&path);
	*ret_text = steal_ptr(&text);
	*ret_len = len;
	return 0;
}

struct profile_loader profile_directories_loader(struct profile_directories *directories)
{
	return (struct profile_loader){ .load = load_directories_load, .context = directories };
}

static const char *name_at(const void *context, size_t i)
{
	const struct vec *names = context;

	return i < names->len ? names->items[i] : NULL;
}

static int complain_missing(const struct profile_directories *directories, const char *name,
			    struct error **err)
{
	struct vec names = { 0 };
	struct strbuf where = { 0 };
	_cleanup_free_ char *text = NULL;
	const char *directory;
	int r;

	vec_foreach(i, directory, &directories->directories)
		strbuf_printf(&where, "%s%s", i ? ", " : "", directory);
	text = strbuf_steal(&where);
	r = profile_directories_list(directories, &names, err);
	if (r == 0)
		r = error_make(
			err, ENOENT,
			"no profile '%s'%s in %s; 'mkvinitrd profile list' shows what there is",
			name, suggest_phrase(name, name_at, &names).text, text ? text : "");
	vec_clear(&names, free);
	return r;
}

static bool has_suffix(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(SUFFIX) && !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

int profile_directories_find(const struct profile_directories *directories,
			     const char *name_or_path, char **ret, struct error **err)
{
	char *path;

	if (strchr(name_or_path, '/')) {
		path = try_path(NULL, name_or_path, NULL);
		if (!path)
			return error_make(err, ENOENT, "no profile file '%s'", name_or_path);
	} else {
		path = has_suffix(name_or_path) ? try_path(NULL, name_or_path, NULL) : NULL;
		if (!path)
			path = search(directories, name_or_path, NULL);
		if (!path)
			return complain_missing(directories, name_or_path, err);
	}
	*ret = path;
	return 0;
}

static bool is_listed(const struct vec *names, const char *name)
{
	const char *other;

	vec_foreach(i, other, names)
		if (!strcmp(other, name))
			return true;
	return false;
}

static int list_profile_files(const char *directory, struct vec *names)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return 0;
	while (r == 0 && (entry = readdir(dir))) {
		char *name;

		if (!has_suffix(entry->d_name) || entry->d_name[0] == '.')
			continue;
		name = strndup(entry->d_name, strlen(entry->d_name) - strlen(SUFFIX));
		if (name && is_listed(names, name))
			free(name);
		else if (!name || vec_push(names, name) < 0)
			r = -ENOMEM;
	}
	closedir(dir);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int profile_directories_list(const struct profile_directories *directories, struct vec *names,
			     struct error **err)
{
	const char *directory;

	vec_foreach(i, directory, &directories->directories) {
		int r = list_profile_files(directory, names);

		if (r < 0)
			return error_sys(err, r, "cannot list the profiles in '%s'", directory);
	}
	vec_sort(names, compare_names);
	return 0;
}
