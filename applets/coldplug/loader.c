// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/loader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/module.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "applets/coldplug/loadlist.h"
#include "common/file.h"
#include "common/msg.h"

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4 /* Linux 5.17 */
#endif

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* The only directory in dir, or NULL. */
static char *only_entry(const char *dir)
{
	struct dirent *entry;
	char *found = NULL;
	DIR *d = opendir(dir);

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (found) {
			free(found);
			found = NULL;
			break;
		}
		found = strdup(entry->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

/* ROOT/lib/modules/KVER */
static char *modules_dir(const struct loader_paths *paths, const char *root)
{
	_cleanup_free_ char *base = NULL, *only = NULL;
	struct utsname uts;
	char *dir;

	if (uname(&uts) < 0 || asprintf(&base, "%s/lib/modules", root) < 0)
		return NULL;
	if (asprintf(&dir, "%s/%s", base, paths->kver ? paths->kver : uts.release) < 0)
		return NULL;
	if (paths->kver || exists(dir))
		return dir;
	only = only_entry(base);
	if (!only)
		return dir;
	free(dir);
	return asprintf(&dir, "%s/%s", base, only) < 0 ? NULL : dir;
}

static int read_config_dirs(struct loader *l, const struct loader_paths *paths, const char *root,
			    struct error **err)
{
	static const char *const dirs[] = { "lib/modprobe.d", "etc/modprobe.d" };

	if (paths->config_dir)
		return modconfig_read_dir(&l->config, paths->config_dir, err);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *dir = NULL;
		int r;

		if (asprintf(&dir, "%s/%s", root, dirs[i]) < 0)
			return error_no_memory(err);
		r = modconfig_read_dir(&l->config, dir, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_cmdline(struct loader *l, const char *root, struct error **err)
{
	_cleanup_free_ char *path = NULL;
	char *text;

	if (asprintf(&path, "%s/proc/cmdline", root) < 0)
		return error_no_memory(err);
	if (read_text(path, &text, NULL) < 0)
		return 0;
	return modconfig_take_cmdline(&l->config, text) < 0 ? error_no_memory(err) : 0;
}

int loader_open(struct loader *l, const struct loader_paths *paths, struct error **err)
{
	const char *root = paths->root ? paths->root : "";
	_cleanup_free_ char *dir = modules_dir(paths, root);
	int r;

	*l = (struct loader){ 0 };
	if (!dir || asprintf(&l->sysfs, "%s/sys", root) < 0)
		return error_no_memory(err);
	r = modindex_open(dir, &l->index, err);
	if (r == 0 && l->index.no_line)
		msg(MSG_WARNING,
		    "%s/modules.dep:%u: expected 'PATH.ko: PATH...'; the line is ignored", dir,
		    l->index.no_line);
	if (r == 0)
		r = read_config_dirs(l, paths, root, err);
	if (r == 0)
		r = read_cmdline(l, root, err);
	l->printed = calloc(l->index.count + l->index.builtin_count + 1, sizeof(*l->printed));
	if (r == 0 && !l->printed)
		r = error_no_memory(err);
	if (r < 0)
		loader_close(l);
	return r;
}

void loader_close(struct loader *l)
{
	modindex_close(&l->index);
	modconfig_free(&l->config);
	free(l->sysfs);
	free(l->printed);
	*l = (struct loader){ 0 };
}

/* Modules that are being initialised right now count: the kernel itself waits for their symbols. */
static bool is_loaded(const struct loader *l, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/module/%s/initstate", l->sysfs, name);
	return exists(path);
}

static bool is_compressed(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot &&
	       (strcmp(dot, ".xz") == 0 || strcmp(dot, ".zst") == 0 || strcmp(dot, ".gz") == 0);
}

static int loader_explain(const char *path, bool compressed, int code, struct error **err)
{
	/* EINVAL: a kernel before 5.17 does not know the flag, or one that was built for another
	 * compressor */
	if (compressed && (code == EOPNOTSUPP || code == EINVAL || code == ENOEXEC))
		return error_make(
			err, code,
			"cannot load '%s': this kernel does not decompress such modules (it lacks "
			"CONFIG_MODULE_DECOMPRESS or another compressor is configured): build the "
			"image with plain .ko files",
			path);
	if (code == ENOEXEC)
		return error_make(err, code, "cannot load '%s': it is not a module of this kernel",
				  path);
	if (code == ENOENT)
		return error_make(err, EIO,
				  "cannot load '%s': unknown symbol or parameter, see dmesg", path);
	return error_sys(err, code, "cannot load '%s'", path);
}

static int loader_insert(const char *path, const char *options, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool compressed = is_compressed(path);

	if (fd < 0)
		return error_sys(err, errno == ENOENT ? EIO : errno, "cannot open module '%s'",
				 path);
	if (syscall(SYS_finit_module, fd, options, compressed ? MODULE_INIT_COMPRESSED_FILE : 0) ==
	    0)
		return 1;
	return errno == EEXIST ? 0 : loader_explain(path, compressed, errno, err);
}

static uint64_t microseconds(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_BOOTTIME, &now) < 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* For `mkvinitrd chart`. The file is there only in a boot with vi.chart. */
static void record_time(const char *name, uint64_t start)
{
	_cleanup_close_ int fd = open("/run/initramfs/log", O_WRONLY | O_APPEND | O_CLOEXEC);
	uint64_t now = microseconds();

	if (fd >= 0)
		(void)dprintf(fd, "[%5" PRIu64 ".%06" PRIu64 "] mkvinitrd: module %s %" PRIu64 "\n",
			      now / 1000000, now % 1000000, name, now - start);
}

static char *full_path(const struct loader *l, const struct kernel_module *module)
{
	char *path;

	if (*module->path == '/')
		return strdup(module->path);
	return asprintf(&path, "%s/%s", l->index.dir, module->path) < 0 ? NULL : path;
}

static char *all_options(const struct loader *l, const struct kernel_module *module,
			 const char *extra)
{
	_cleanup_free_ char *options = modconfig_options(&l->config, module->name);
	char *all;

	if (!options || !extra || !*extra)
		return steal_ptr(&options);
	return asprintf(&all, "%s%s%s", options, *options ? " " : "", extra) < 0 ? NULL : all;
}

static int load_module(struct loader *l, const struct kernel_module *module, const char *extra,
		       struct error **err)
{
	_cleanup_free_ char *path = NULL, *options = NULL;
	uint64_t start;
	int r;

	if (!module->path) {
		if (l->dry_run)
			printf("builtin %s\n", module->name);
		return 0;
	}
	if (is_loaded(l, module->name) || l->printed[module->index])
		return 0;
	path = full_path(l, module);
	options = all_options(l, module, extra);
	if (!path || !options)
		return error_no_memory(err);
	if (l->dry_run || l->verbose)
		printf("insmod %s %s\n", path, options);
	l->printed[module->index] = l->dry_run;
	start = microseconds();
	r = l->dry_run ? 1 : loader_insert(path, options, err);
	if (r > 0) {
		l->loaded++;
		if (!l->dry_run)
			record_time(module->name, start);
	}
	return r < 0 ? r : 0;
}

static int load_list(struct loader *l, const struct loadlist *list, const char *name,
		     const char *extra, struct error **err)
{
	const struct kernel_module *self = modindex_find(&l->index, name);

	for (size_t i = 0; i < list->count; i++) {
		const struct load_item *item = &list->items[i];
		_cleanup_error_ struct error *why = NULL;
		int r = load_module(l, item->module, item->module == self ? extra : NULL, &why);

		if (r == 0)
			continue;
		if (item->required)
			return error_move(err, steal_ptr(&why));
		msg(MSG_DEBUG, "%s", error_msg(why));
	}
	return 0;
}

int loader_load(struct loader *l, const char *name, const char *extra, struct error **err)
{
	struct loadlist list = { 0 };
	int r = loadlist_add(&list, &l->index, &l->config, name);

	if (r == -ENOMEM)
		error_no_memory(err);
	else if (r == 0)
		r = load_list(l, &list, name, extra, err);
	loadlist_free(&list);
	return r;
}

enum module_urgency loader_urgency(struct loader *l, const char *name)
{
	struct loadlist list = { 0 };
	enum module_urgency urgency = MODULE_NOW;

	if (loadlist_add(&list, &l->index, &l->config, name) == 0)
		urgency = MODULE_SPARE;
	for (size_t i = 0; i < list.count; i++)
		urgency = MIN(urgency, module_urgency(list.items[i].module->path));
	loadlist_free(&list);
	return urgency;
}
