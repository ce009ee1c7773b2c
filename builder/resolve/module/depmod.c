// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/depmod.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/util/strbuf.h"

#define MODULES "/lib/modules"

static bool is_same_directory(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* How much of the path is what depmod -b wants, and how much the root. */
static void depmod_base(const char *modules_dir, const char *version, int *ret_base, int *ret_root)
{
	_cleanup_free_ char *by_lib = NULL;
	int length = (int)(version - modules_dir) - (int)strlen(MODULES "/");

	*ret_base = *ret_root = 0;
	if (length < 0 || strncmp(modules_dir + length, MODULES "/", strlen(MODULES "/")) != 0)
		return;
	*ret_base = *ret_root = length;
	if (length < 4 || strncmp(modules_dir + length - 4, "/usr", 4) != 0)
		return;
	*ret_root = length - 4;
	if (asprintf(&by_lib, "%.*s" MODULES "/%s", *ret_root, modules_dir, version) < 0)
		by_lib = NULL;
	if (by_lib && is_same_directory(by_lib, modules_dir))
		*ret_base = *ret_root;
}

static void depmod_add_configuration(struct strbuf *command, const char *modules_dir, int root)
{
	static const char *const places[] = { "/etc/depmod.d", "/usr/lib/depmod.d",
					      "/lib/depmod.d" };
	_cleanup_free_ char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%.*s%s", root, modules_dir, places[i]) < 0) {
			path = NULL;
			return;
		}
		if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    (found && is_same_directory(found, path)))
			continue;
		strbuf_printf(command, "-C %s ", path);
		free(found);
		found = steal_ptr(&path);
	}
}

char *depmod_command(const char *modules_dir)
{
	struct strbuf command = { 0 };
	const char *slash = strrchr(modules_dir, '/'), *version = slash ? slash + 1 : modules_dir;
	int base, root;

	depmod_base(modules_dir, version, &base, &root);
	strbuf_add(&command, "depmod ");
	if (base > 0)
		strbuf_printf(&command, "-b %.*s ", base, modules_dir);
	if (root > 0)
		depmod_add_configuration(&command, modules_dir, root);
	strbuf_add(&command, version);
	return strbuf_steal(&command);
}

int depmod_is_stale(const char *modules_dir, const char *path, struct error **err)
{
	_cleanup_free_ char *command = depmod_command(modules_dir);

	error_release(err);
	return error_make(err, ENOENT,
			  "modules.dep names '%s', which is not there: renew it with '%s'", path,
			  command ? command : "depmod");
}
