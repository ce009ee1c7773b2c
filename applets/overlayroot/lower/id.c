// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/lower/id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"

#define MAX_ID_FILE (16 * KIB)

static char *join_ids(const struct lower *lowers, size_t count)
{
	char *text = malloc(count * sizeof(lowers->id) + 1), *p = text;
	size_t i;

	if (!text)
		return NULL;
	*p = '\0';
	for (i = 0; i < count; i++)
		p += sprintf(p, "%s\n", lowers[i].id);
	return text;
}

static int write_ids(const char *path, const char *text)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t len = strlen(text);

	if (fd < 0)
		return -errno;
	return write(fd, text, len) == (ssize_t)len ? 0 : -EIO;
}

int lower_id_check(const char *base, const struct lower *lowers, size_t count, struct error **err)
{
	_cleanup_free_ char *path = NULL, *now = join_ids(lowers, count),
			    *then = malloc(MAX_ID_FILE);
	ssize_t n;
	int r;

	if (!now || !then || asprintf(&path, "%s/lower.id", base) < 0)
		return error_sys(err, ENOMEM, "id of the lower");
	n = read_start(AT_FDCWD, path, then, MAX_ID_FILE);
	if (n > 0)
		return strcmp(now, then) == 0;
	if (n < 0 && n != -ENOENT)
		return error_sys(err, (int)n, "cannot read '%s'", path);
	r = write_ids(path, now);
	return r < 0 ? error_sys(err, r, "cannot write '%s'", path) : 1;
}
