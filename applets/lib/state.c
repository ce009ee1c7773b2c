// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int append_line(const char *file, const char *line, size_t length)
{
	_cleanup_close_ int fd = -1;
	ssize_t n;

	fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	do {
		n = write(fd, line, length);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -ENOSPC;
}

int state_push(const char *file, const char *fmt, ...)
{
	char line[PATH_MAX + 32];
	va_list ap;
	int n;

	if (!file)
		return 0;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n <= 0 || (size_t)n >= sizeof(line) - 1 || strchr(line, '\n'))
		return -EINVAL;
	line[n] = '\n';
	return append_line(file, line, (size_t)n + 1);
}
