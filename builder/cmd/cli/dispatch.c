// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/cli/dispatch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

static bool script_path(const struct host *host, const char *name, char *ret, size_t size)
{
	return snprintf(ret, size, "%s/%s", host->libexec_dir, name) < (int)size;
}

bool dispatch_has(const struct host *host, const char *name)
{
	char path[PATH_MAX];

	return script_path(host, name, path, sizeof(path)) && access(path, X_OK) == 0;
}

int dispatch_exec(const struct host *host, char **argv, struct error **err)
{
	char path[PATH_MAX], self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (!script_path(host, argv[0], path, sizeof(path)))
		return error_sys(err, ENAMETOOLONG, "'%s'", argv[0]);
	if (len > 0) {
		self[len] = '\0';
		setenv("MKVINITRD", self, 1);
	}
	execv(path, argv);
	return error_sys(err, errno, "cannot run '%s'", path);
}
