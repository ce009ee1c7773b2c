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

static bool is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

/* Names of the directories in SYSROOT/lib/modules, in version order; none when there is no such
 * directory.
 */
static int list_versions(const struct host *host, struct vec *versions, struct error **err)
{
	_cleanup_free_ char *path = NULL;
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	r = host_resolve(host, "/lib/modules", &path, err);
	if (is_absent(r)) {
		error_release(err);
		return 0;
	}
	if (r < 0)
		return r;
	dir = opendir(path);
	if (!dir)
		return errno == ENOTDIR
			       ? 0
			       : error_sys(err, errno, "cannot read the directory '%s'", path);
	while (r == 0 && (entry = readdir(dir))) {
		char *name;

		if (entry->d_name[0] == '.' ||
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
	vec_sort(versions, compare_versions);
	return r;
}

static int choose_version(struct host *host, const char *kver, const struct vec *versions,
			  struct error **err)
{
	struct utsname running;

	if (kver && strchr(kver, '/'))
		return kernel_image_version(kver, &host->kver, err);
	if (kver)
		return set_text(&host->kver, err, "%s", kver);
	if (versions->len == 1)
		return set_text(&host->kver, err, "%s", (const char *)versions->items[0]);
	if (uname(&running) < 0)
		return error_sys(err, errno, "uname");
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
	return error_make(err, ENOENT, "no modules of kernel '%s' in %s/lib/modules%s", host->kver,
			  host->sysroot,
			  text && *text ? text
					: ", which has none at all; install a kernel there, or "
					  "name its tree with -r");
}

/* lib is a link to usr/lib on a merged system; both are tried for those that are half-way. */
static int find_modules(struct host *host, const struct vec *versions, struct error **err)
{
	static const char *const bases[] = { "/lib/modules", "/usr/lib/modules" };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
		_cleanup_free_ char *path = NULL;
		int r;

		if (asprintf(&path, "%s/%s", bases[i], host->kver) < 0) {
			path = NULL;
			return error_no_memory(err);
		}
		r = host_resolve(host, path, &host->modules_dir, err);
		if (is_absent(r)) {
			error_release(err);
			continue;
		}
		if (r < 0)
			return r;
		if (host->modules_dir && stat(host->modules_dir, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
		free(steal_ptr(&host->modules_dir));
	}
	return complain_modules(host, versions, err);
}

void host_read_kernel_config(struct host *host)
{
	static const char *const places[] = {
		"/boot/config-%s",
		"/lib/modules/%s/config",
		"/usr/lib/modules/%s/config",
		"/lib/modules/%s/kernel/config",
		"/lib/modules/%s/build/.config",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places) && !host->kernel_config; i++) {
		_cleanup_free_ char *real = NULL;
		char path[512];
		const char *mark = strstr(places[i], "%s");

		if (snprintf(path, sizeof(path), "%.*s%s%s", (int)(mark - places[i]), places[i],
			     host->kver, mark + 2) >= (int)sizeof(path))
			continue;
		if (host_resolve(host, path, &real, NULL) == 0)
			(void)read_file(real, &host->kernel_config, NULL, NULL);
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
