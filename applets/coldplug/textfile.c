// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/macro.h"

/* Files of /proc and /sys have no size, so the buffer grows by this. */
#define STEP 16384

static int textfile_read_all(int fd, size_t room, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	room += 2;
	for (;;) {
		char *bigger = realloc(text, room);
		ssize_t n;

		if (!bigger)
			return -ENOMEM;
		text = bigger;
		while ((n = read(fd, text + size, room - size - 1)) > 0)
			size += (size_t)n;
		if (n < 0)
			return -errno;
		if (size + 1 < room)
			break;
		room += STEP;
	}
	text[size] = '\0';
	*ret = steal_ptr(&text);
	*ret_size = size;
	return 0;
}

int text_read(const char *dir, const char *name, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return textfile_read_all(fd, (size_t)st.st_size, ret, ret_size);
}

char *text_line(char **cursor)
{
	char *line = *cursor, *end;

	if (!line || !*line)
		return NULL;
	for (end = line; (end = strchr(end, '\n')); end++) {
		if (end == line || end[-1] != '\\')
			break;
		end[-1] = end[0] = ' ';
	}
	if (end)
		*end++ = '\0';
	*cursor = end;
	return line;
}

char *text_word(char **cursor)
{
	char *p = *cursor, *word;
	bool quoted = false;

	p += strspn(p, " \t");
	if (!*p)
		return NULL;
	for (word = p; *p && (quoted || (*p != ' ' && *p != '\t')); p++)
		if (*p == '"')
			quoted = !quoted;
	if (*p)
		*p++ = '\0';
	*cursor = p;
	return word;
}

void name_fold(char *name)
{
	bool range = false;

	for (; *name; name++) {
		if (*name == '[')
			range = true;
		else if (*name == ']')
			range = false;
		else if (*name == '-' && !range)
			*name = '_';
	}
}

uint32_t hash_bytes(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * 16777619u;
	return hash;
}
