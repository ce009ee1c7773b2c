// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "36 35 98:0 /root /place options optional... - type source superoptions" */
static int source_parse(const char *line, const char *path, struct mount_source *ret)
{
	struct mount_source found;
	const char *rest = strstr(line, " - ");
	char place[1024];

	if (!rest || sscanf(line, "%*d %*d %*s %1023s %1023s", found.root, place) != 2 ||
	    strcmp(place, path) != 0 ||
	    sscanf(rest, " - %31s %255s", found.type, found.device) != 2)
		return -ENOENT;
	*ret = found;
	return 0;
}

int mount_source_of(const char *path, struct mount_source *ret)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	int r = -ENOENT;

	if (!file)
		return -errno;
	while (getline(&line, &room, file) > 0)
		if (source_parse(line, path, ret) == 0)
			r = 0;
	free(line);
	fclose(file);
	return r;
}
