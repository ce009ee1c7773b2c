// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/source/sysfs.h"
#include "common/msg.h"

/* The kernel has no event for a block device that is let go, so the proof is tried again. */
enum { PAUSE_NS = 50 * 1000 * 1000, PAUSES_PER_SECOND = 20 };

static int open_exclusive(const char *device)
{
	int fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int wait_until_free(const char *device, unsigned int seconds)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	int r = open_exclusive(device);

	for (unsigned int i = 0; r == -EBUSY && i < seconds * PAUSES_PER_SECOND; i++) {
		nanosleep(&pause, NULL);
		r = open_exclusive(device);
	}
	return r;
}

static const char *skip_words(const char *line, int n)
{
	for (; n > 0; n--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

/* Where the device is mounted in this mount namespace: the first place, or "" */
static void mounted_at(dev_t dev, char *ret, size_t size)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	ret[0] = '\0';
	while (mounts && ret[0] == '\0' && fgets(line, sizeof(line), mounts)) {
		/* "36 35 98:0 /root /mnt ..." */
		const char *where = skip_words(line, 4);
		dev_t found;

		if (parse_devnum(skip_words(line, 2), &found) == 0 && found == dev)
			snprintf(ret, size, "mounted on %.*s", (int)strcspn(where, " \n"), where);
	}
	if (mounts)
		fclose(mounts);
}

int cmd_free(const struct options *options, struct error **err)
{
	const char *device = options->operand;
	char where[2200];
	struct stat st;
	int r;

	if (stat(device, &st) < 0)
		return error_sys(err, errno, "%s", device);
	if (!S_ISBLK(st.st_mode))
		return error_make(err, ENOTBLK, "%s is not a block device", device);
	r = wait_until_free(device, 5);
	if (r == -ENOMEDIUM)
		return 0;
	if (r != -EBUSY)
		return r < 0 ? error_sys(err, r, "%s", device) : 0;
	mounted_at(st.st_rdev, where, sizeof(where));
	return error_make(err, EBUSY, "%s is in use: %s", device,
			  where[0] ? where : "the kernel does not say by whom");
}
