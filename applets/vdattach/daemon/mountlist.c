// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/daemon/mountlist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MOUNT_POINT_FIELD 4 /* proc(5): the fifth */

static bool is_octal(const char *p)
{
	return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' &&
	       p[2] <= '7';
}

static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		if (*p == '\\' && is_octal(p + 1)) {
			*to = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

char *mount_list_field(char *line)
{
	char *end;

	for (int i = 0; i < MOUNT_POINT_FIELD; i++) {
		line = strchr(line, ' ');
		if (!line)
			return NULL;
		line++;
	}
	end = strchr(line, ' ');
	if (!end || end == line)
		return NULL;
	*end = '\0';
	unescape(line);
	return line;
}

static int mountlist_add(struct mount_list *list, const char *path)
{
	char **paths = realloc(list->paths, (list->n + 1) * sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	list->paths = paths;
	paths[list->n] = strdup(path);
	return paths[list->n] ? (list->n++, 0) : -ENOMEM;
}

int mount_list_read(struct mount_list *list, struct error **err)
{
	_cleanup_free_ char *line = NULL;
	FILE *file = fopen("/proc/self/mountinfo", "re");
	size_t size = 0;
	int r = 0;

	*list = (struct mount_list){ .n = 0 };
	if (!file)
		return error_sys(err, errno, "cannot open '/proc/self/mountinfo'");
	while (r == 0 && getline(&line, &size, file) >= 0) {
		const char *path = mount_list_field(line);

		r = path ? mountlist_add(list, path) : 0;
	}
	fclose(file);
	return r < 0 ? error_sys(err, r, "cannot read the list of mounts") : 0;
}

void mount_list_release(struct mount_list *list)
{
	while (list->n > 0)
		free(list->paths[--list->n]);
	free(list->paths);
	list->paths = NULL;
}
