// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/button.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "common/macro.h"

static bool has_power_key(int fd)
{
	unsigned char keys[KEY_MAX / 8 + 1] = { 0 };

	return ioctl(fd, EVIOCGBIT(EV_KEY, sizeof(keys)), keys) >= 0 &&
	       (keys[KEY_POWER / 8] & (1 << KEY_POWER % 8));
}

/* Names are tried: a directory would have to be read. */
void buttons_open(struct buttons *buttons, int dev)
{
	for (unsigned int i = 0; i < 64 && buttons->count < MOST_BUTTONS; i++) {
		char name[32];
		int fd;

		snprintf(name, sizeof(name), "input/event%u", i);
		fd = openat(dev, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && has_power_key(fd))
			buttons->fds[buttons->count++] = fd;
		else if (fd >= 0)
			close(fd);
	}
}

void buttons_close(struct buttons *buttons)
{
	for (size_t i = 0; i < buttons->count; i++)
		close_fd(&buttons->fds[i]);
	buttons->count = 0;
}

bool button_pressed(struct buttons *buttons, size_t i)
{
	struct input_event event;
	ssize_t n;

	while ((n = read(buttons->fds[i], &event, sizeof(event))) == sizeof(event))
		if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
			return true;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&buttons->fds[i]);
	return false;
}
