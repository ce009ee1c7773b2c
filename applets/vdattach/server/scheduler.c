// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/server/server.h"

void vd_server_unschedule(const char *devpath)
{
	static const char none[] = "none";
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%.20s/queue/scheduler", strrchr(devpath, '/') + 1);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fork() == 0) {
		/* others wait until nobody has their other ends open */
		for (int i = 0; i < 256; i++) {
			if (i != fd)
				close(i);
		}
		_exit(write(fd, none, sizeof(none) - 1) < 0);
	}
	close(fd);
}
