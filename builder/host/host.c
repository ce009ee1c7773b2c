// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/host/host.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "builder/host/internal.h"
#include "builder/host/kernel.h"
#include "builder/host/places.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"
#include "builder/util/vec.h"

int set_text(char **dst, struct error **err, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return error_no_memory(err);
	free(*dst);
	*dst = text;
	return 0;
}

static int compare_versions(const void *a, const void *b)
{
	return strverscmp(a, b);
}

static bool version_known(const struct vec *versions, const char *name)
{
	const char *version;

	vec_foreach(i, version, versions)
		if (strcmp(version, name) == 0)
			return true;
	return false;
}

static int list_directory(const char *path, struct vec *versions, struct error **err)
{
	const struct dirent *entry;
	int r = 0;
	DIR *dir = opendir(path);

	if (!dir)
		return error_sys(err, errno, "cannot read the directory '%s'", path);
	while (r == 0 && (entry = readdir(dir))) {
		char *name;

		if (entry->d_name[0] == '.' || version_known(versions, entry->d_name) ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_LNK &&
		     entry->d_type != DT_UNKNOWN))
			continue;
		name = strdup(entry->d_name);
		if (!name || vec_push(versions, name) < 0) {
			free(name);
			r = error_no_memory(err);
		}
	}
	closedir(dir);
	return r;
}

/* Names of the directories in SYSROOT/lib/modules and SYSROOT/usr/lib/modules, in version order;
 * none when there are no such directories.
 */
static int list_versions(const struct host *host, struct vec *versions, struct error **err)
{
	struct vec directories = { 0 };
	const char *path;
	int r = host_directories(host, "/lib/modules", &directories, err);

	vec_foreach(i, path, &directories)
		if (r == 0)
			r = list_directory(path, versions, err);
	vec_clear(&directories, free);
	vec_sort(versions, compare_versions);
	return r;
}

/* The directory of a version; where lib and usr/lib have one each, the one with the index. */
static int version_directory(const struct host *host, const char *version, char **ret,
			     struct error **err)
{
	_cleanup_free_ char *wanted = NULL;
	struct vec directories = { 0 };
	const char *path;
	int r;

	if (asprintf(&wanted, "/lib/modules/%s", version) < 0) {
		wanted = NULL;
		return error_no_memory(err);
	}
	r = host_directories(host, wanted, &directories, err);
	vec_foreach(i, path, &directories) {
		_cleanup_free_ char *index = NULL;

		if (r == 0 &&
		    (!*ret || host_resolve_below(host, path, "modules.dep", &index, NULL) == 0))
			r = set_text(ret, err, "%s", path);
		if (index)
			break;
	}
	vec_clear(&directories, free);
	return r;
}

/* What an uninstalled kernel leaves behind has no index. */
static const char *only_version(const struct host *host, const struct vec *versions)
{
	const char *version, *found = NULL;

	if (versions->len == 1)
		return versions->items[0];
	vec_foreach(i, version, versions) {
		_cleanup_free_ char *directory = NULL, *index = NULL;

		if (version_directory(host, version, &directory, NULL) < 0 || !directory ||
		    host_resolve_below(host, directory, "modules.dep", &index, NULL) < 0)
			continue;
		if (found)
			return NULL;
		found = version;
	}
	return found;
}

static int choose_version(struct host *host, const char *kver, const struct vec *versions,
			  struct error **err)
{
	const char *only = kver ? NULL : only_version(host, versions);
	struct utsname running;

	if (kver && strchr(kver, '/'))
		return kernel_image_version(kver, &host->kver, err);
	if (kver)
		return set_text(&host->kver, err, "%s", kver);
	if (only)
		return set_text(&host->kver, err, "%s", only);
	if (uname(&running) < 0)
		return error_sys(err, errno, "cannot call uname");
	return set_text(&host->kver, err, "%s", running.release);
}

static int complain_modules(const struct host *host, const struct vec *versions, struct error **err)
{
	struct strbuf list = { 0 };
	_cleanup_free_ char *text = NULL;
	const char *version;

	vec_foreach(i, version, versions)
		strbuf_printf(&list, "%s%s", i ? ", " : "; -k can be one of: ", version);
	text = strbuf_steal(&list);
	return error_make(err, ENOENT,
			  "no modules of kernel '%s' in %s/lib/modules or usr/lib/modules%s",
			  host->kver, host->sysroot,
			  text && *text ? text
					: ", which has none at all; install a kernel there, or "
					  "name its tree with -r");
}

static int find_modules(struct host *host, const struct vec *versions, struct error **err)
{
	int r = version_directory(host, host->kver, &host->modules_dir, err);

	return r == 0 && !host->modules_dir ? complain_modules(host, versions, err) : r;
}

void host_read_kernel_config(struct host *host)
{
	static const char *const places[] = {
		"/boot/config-%s",
		"/lib/modules/%s/config",
		"/usr/lib/modules/%s/config",
		"/lib/modules/%s/kernel/config",
		"/usr/lib/modules/%s/kernel/config",
		"/lib/modules/%s/build/.config",
		"/usr/lib/modules/%s/build/.config",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places) && !host->kernel_config; i++) {
		_cleanup_free_ char *real = NULL;
		char path[512];
		const char *mark = strstr(places[i], "%s");

		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)(mark - places[i]), places[i],
			     host->kver, mark + 2) >= (int)sizeof(path))
			continue;
		if (host_resolve(host, path, &real, NULL) == 0)
			(void)!read_file(real, &host->kernel_config, NULL, NULL);
	}
}

static int set_sysroot(struct host *host, const char *sysroot, struct error **err)
{
	struct stat st;
	char *real;
	int r = 0;

	if (stat(sysroot, &st) < 0)
		return error_sys(err, errno, "cannot use '%s' as the system root (-r)", sysroot);
	if (!S_ISDIR(st.st_mode))
		return error_make(err, ENOTDIR, "'%s' (-r) is not a directory", sysroot);
	real = realpath(sysroot, NULL);
	if (!real)
		return error_sys(err, errno, "cannot use '%s' as the system root (-r)", sysroot);
	r = set_text(&host->sysroot, err, "%s", strcmp(real, "/") ? real : "");
	free(real);
	return r;
}

int host_find_kernel(struct host *host, const char *sysroot, const char *kver, struct error **err)
{
	struct vec versions = { 0 };
	int r = sysroot ? set_sysroot(host, sysroot, err) : 0;

	if (r == 0)
		r = list_versions(host, &versions, err);
	if (r == 0)
		r = choose_version(host, kver, &versions, err);
	if (r == 0)
		r = find_modules(host, &versions, err);
	if (r == 0)
		host_read_kernel_config(host);
	vec_clear(&versions, free);
	return r;
}

int host_init(struct host *host, const char *sysroot, const char *kver, struct error **err)
{
	int r = host_init_paths(host, err);

	if (r == 0)
		r = host_find_kernel(host, sysroot, kver, err);
	if (r < 0)
		host_release(host);
	return r;
}

char host_kernel_config(const struct host *host, const char *name)
{
	size_t len = strlen(name);
	const char *line = host->kernel_config;

	if (!line)
		return '?';
	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "CONFIG_", 7) && !strncmp(line + 7, name, len) &&
		    line[7 + len] == '=')
			return line[8 + len] == 'm' ? 'm' : 'y';
	}
	return 'n';
}

void host_release(struct host *host)
{
	free(host->sysroot);
	free(host->kver);
	free(host->modules_dir);
	free(host->data_dir);
	free(host->applets_dir);
	free(host->libexec_dir);
	free(host->cache_dir);
	free(host->kernel_config);
	*host = (struct host){ 0 };
}
