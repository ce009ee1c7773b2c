/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The power buttons of a machine whose root cannot answer them any more. */
#ifndef APPLETS_EXITRD_BUTTON_H
#define APPLETS_EXITRD_BUTTON_H

#include <stdbool.h>
#include <stddef.h>

#define MOST_BUTTONS 16

struct buttons {
	int fds[MOST_BUTTONS]; /* -1: was removed */
	size_t count;
};

/* Opens those there are now. dev: a descriptor of /dev. To be closed by buttons_close(). */
void buttons_open(struct buttons *buttons, int dev);

void buttons_close(struct buttons *buttons);

/* Was button i pressed since the last call? */
bool button_pressed(struct buttons *buttons, size_t i);

#endif
