// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h> /* CDSL_CURRENT */
#include <linux/cdrom.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/macro.h"

/* The way up from a partition to the USB device is not longer. */
#define MOST_PARENTS 16

/* The first line of a file of sysfs; false without one. */
static bool read_line_at(int dir, const char *name, char *text, size_t size)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return *text != '\0';
}

static uint64_t read_number_at(int dir, const char *name)
{
	char text[32];

	return read_line_at(dir, name, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

static void find_serial(int dir, char *text, size_t size)
{
	int here = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned int i = 0; here >= 0 && i < MOST_PARENTS; i++) {
		int up;

		if (read_line_at(here, "serial", text, size) ||
		    read_line_at(here, "wwid", text, size))
			break;
		up = openat(here, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(here);
		here = up;
	}
	if (here >= 0)
		close(here);
}

int medium_read(int sys, const char *name, struct medium *ret)
{
	_cleanup_close_ int dir = -1;
	char path[128];

	if (strchr(name, '/') ||
	    snprintf(path, sizeof(path), "class/block/%s", name) >= (int)sizeof(path))
		return -ENODEV;
	dir = openat(sys, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -ENODEV;
	*ret = (struct medium){ .size = read_number_at(dir, "size"),
				.start = read_number_at(dir, "start"),
				.drive = -1 };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	find_serial(dir, ret->serial, sizeof(ret->serial));
	return 0;
}

bool medium_is_same(const struct medium *a, const struct medium *b)
{
	return b->size && a->size == b->size && a->start == b->start &&
	       strcmp(a->serial, b->serial) == 0;
}

int medium_open_drive(int dev, const char *name)
{
	if (strncmp(name, "sr", 2) != 0 || name[2] < '0' || name[2] > '9')
		return -1;
	return openat(dev, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

bool drive_is_empty(int fd)
{
	int status = ioctl(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT);

	return status < 0 || status == CDS_NO_DISC || status == CDS_TRAY_OPEN;
}

bool medium_is_used(const char *path)
{
	int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC), r = errno;

	if (fd < 0)
		return r == EBUSY;
	close(fd);
	return false;
}
