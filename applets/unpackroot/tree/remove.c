// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/unpackroot/tree/wipe.h"
#include "common/msg.h"

#define MARKER ".wh."

/* Removes the file or directory at path. 0 or -errno. */
static int remove_tree(const char *path)
{
	_cleanup_close_ int fd = -1;

	if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	if (errno != EISDIR)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (wipe_dir(fd, NULL) < 0)
		return -EBUSY;
	return rmdir(path) < 0 ? -errno : 0;
}

int remove_directory(const char *path, struct error **err)
{
	struct stat st;
	int r;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	r = remove_tree(path);
	return r < 0 ? error_sys(err, -r, "cannot replace the directory '%s'", path) : 0;
}

bool remove_by_marker(const char *path, int removed)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t length = strlen(path), at = (size_t)(name - path);
	_cleanup_free_ char *target = NULL;
	int r;

	if (strncmp(name, MARKER, strlen(MARKER)) != 0)
		return false;
	name += strlen(MARKER);
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	target = malloc(length + 1);
	if (!target)
		return false;
	memcpy(target, path, at);
	memcpy(target + at, name, strlen(name) + 1);
	r = remove_tree(target);
	if (r < 0)
		msg(MSG_WARNING, "'%s' cannot be removed: %s", target, strerror(-r));
	else if (removed >= 0 && write(removed, target, strlen(target) + 1) < 0)
		msg(MSG_WARNING, "'%s' is not noted as removed: %s", target, strerror(errno));
	return true;
}
