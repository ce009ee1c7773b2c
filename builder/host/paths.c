// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "builder/host/internal.h"

/* Tells a directory with our data from any other one. */
#define DATA_MARK "profiles/common.profile"

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool paths_has(const char *directory, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* Cuts the last component. false when none is left. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static int program_directory(char *ret, size_t size, struct error **err)
{
	ssize_t len = readlink("/proc/self/exe", ret, size - 1);

	if (len < 0)
		return error_sys(
			err, errno,
			"cannot read /proc/self/exe to find the data files; is /proc mounted?");
	ret[len] = '\0';
	go_up(ret);
	return 0;
}

/* The nearest parent of the program's directory that is a source tree. */
static bool find_source_tree(const char *program, char *ret)
{
	snprintf(ret, PATH_MAX, "%s", program);
	do {
		if (paths_has(ret, DATA_MARK) && paths_has(ret, "skel"))
			return true;
	} while (go_up(ret));
	return false;
}

/* PREFIX/sbin/mkvinitrd with PREFIX/share/mkvinitrd and PREFIX/libexec/mkvinitrd. */
static int find_installed(struct host *host, const char *program, struct error **err)
{
	char prefix[PATH_MAX];
	int r;

	snprintf(prefix, sizeof(prefix), "%s", program);
	if (!go_up(prefix) || !paths_has(prefix, "share/mkvinitrd/" DATA_MARK))
		return -ENOENT;
	r = set_text(&host->data_dir, err, "%s/share/mkvinitrd", prefix);
	if (r == 0)
		r = set_text(&host->libexec_dir, err, "%s/libexec/mkvinitrd", prefix);
	if (r == 0)
		r = set_text(&host->applets_dir, err, "%s/libexec/mkvinitrd/applets", prefix);
	return r;
}

/* TREE/O/host/mkvinitrd with TREE/{skel,profiles,scripts} and TREE/O/musl/bin. */
static int find_built(struct host *host, const char *program, struct error **err)
{
	char tree[PATH_MAX], out[PATH_MAX];
	const char *data = env("MKVINITRD_DATA");
	int r;

	snprintf(out, sizeof(out), "%s", program);
	go_up(out);
	if (data)
		snprintf(tree, sizeof(tree), "%s", data);
	else if (!find_source_tree(program, tree))
		return error_make(err, ENOENT,
				  "the data files (skel, profiles) are neither in "
				  "%s/share/mkvinitrd nor in a "
				  "directory above; set MKVINITRD_DATA to where they are",
				  out);
	r = set_text(&host->data_dir, err, "%s", tree);
	if (r == 0)
		r = set_text(&host->libexec_dir, err, "%s/%s", tree,
			     paths_has(tree, "scripts") ? "scripts" : "../../libexec/mkvinitrd");
	if (r == 0 && paths_has(out, "musl/bin"))
		r = set_text(&host->applets_dir, err, "%s/musl/bin", out);
	else if (r == 0)
		r = set_text(&host->applets_dir, err, "%s/build/musl/bin", tree);
	return r;
}

static int override(char **dst, const char *variable, struct error **err)
{
	return env(variable) ? set_text(dst, err, "%s", env(variable)) : 0;
}

/* MKVINITRD_CACHE is the base of all caches of mkvinitrd, as in scripts/. */
static int find_cache(struct host *host, struct error **err)
{
	const char *base = env("MKVINITRD_CACHE"), *xdg = env("XDG_CACHE_HOME"),
		   *home = env("HOME");

	if (base)
		return strcmp(base, "none") ? set_text(&host->cache_dir, err, "%s/builder", base)
					    : 0;
	if (xdg && *xdg == '/')
		return set_text(&host->cache_dir, err, "%s/mkvinitrd/builder", xdg);
	if (geteuid() == 0)
		return set_text(&host->cache_dir, err, "/var/cache/mkvinitrd/builder");
	return home ? set_text(&host->cache_dir, err, "%s/.cache/mkvinitrd/builder", home) : 0;
}

int host_init_paths(struct host *host, struct error **err)
{
	char program[PATH_MAX];
	int r;

	*host = (struct host){ 0 };
	r = program_directory(program, sizeof(program), err);
	if (r == 0) {
		r = env("MKVINITRD_DATA") ? -ENOENT : find_installed(host, program, err);
		if (r == -ENOENT)
			r = find_built(host, program, err);
	}
	if (r == 0)
		r = override(&host->applets_dir, "MKVINITRD_APPLETS", err);
	if (r == 0)
		r = override(&host->libexec_dir, "MKVINITRD_LIBEXEC", err);
	if (r == 0)
		r = set_text(&host->sysroot, err, "%s", "");
	if (r == 0)
		r = find_cache(host, err);
	if (r < 0)
		host_release(host);
	return r;
}
