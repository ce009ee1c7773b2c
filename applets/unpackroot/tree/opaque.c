// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/opaque.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "applets/unpackroot/tree/wipe.h"

#define MARKER ".wh..wh..opq"

int opaque_note(struct opaque *opaque, const char *path, struct error **err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char **dirs, *dir;

	if (strcmp(name, MARKER) != 0)
		return 0;
	while (*path == '/')
		path++;
	dir = slash && slash > path ? strndup(path, (size_t)(slash - path)) : strdup(".");
	if (!dir)
		return error_no_memory(err);
	dirs = reallocarray(opaque->dirs, opaque->count + 1, sizeof(*dirs));
	if (!dirs) {
		free(dir);
		return error_no_memory(err);
	}
	opaque->dirs = dirs;
	opaque->dirs[opaque->count++] = dir;
	return 0;
}

int opaque_apply(const struct opaque *opaque, struct error **err)
{
	for (size_t i = 0; i < opaque->count; i++) {
		_cleanup_close_ int fd =
			open(opaque->dirs[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r;

		/* nothing below has it, or not as a directory */
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			continue;
		if (fd < 0)
			return error_sys(err, errno, "cannot open '%s'", opaque->dirs[i]);
		r = wipe_dir(fd, err);
		if (r < 0)
			return error_wrap(err, "emptying '%s'", opaque->dirs[i]);
	}
	return 0;
}

void opaque_release(struct opaque *opaque)
{
	for (size_t i = 0; i < opaque->count; i++)
		free(opaque->dirs[i]);
	free(opaque->dirs);
	*opaque = (struct opaque){ 0 };
}
