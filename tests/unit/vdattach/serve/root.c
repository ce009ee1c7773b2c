// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/serve/root.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"

static int put_map(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_all(fd, text, strlen(text));
}

int become_root(void **state)
{
	char uid_map[32], gid_map[32];
	int r;

	if (geteuid() == 0)
		return 0;
	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned int)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned int)getegid());
	r = unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -errno : 0;
	if (r == 0)
		r = put_map("/proc/self/setgroups", "deny");
	if (r == 0)
		r = put_map("/proc/self/uid_map", uid_map);
	if (r == 0)
		r = put_map("/proc/self/gid_map", gid_map);
	if (r < 0)
		fprintf(stderr,
			"these tests need root's rights, and there is no user namespace to have "
			"them "
			"in: %s\n",
			strerror(-r));
	return r;
}
