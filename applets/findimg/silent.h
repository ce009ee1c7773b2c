/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices that did not answer in time. A list of them is kept beside the state, so that the
 * next search of the same boot does not wait for them again, and other programs leave them alone.
 */
#ifndef APPLETS_FINDIMG_SILENT_H
#define APPLETS_FINDIMG_SILENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/macro.h"

/* All zero: none. */
struct silent {
	char *text; /* paths, each ended by a newline; or NULL */
	bool changed;
};

/* Reads the list that an earlier search left beside that state file; NULL: there is none. */
void silent_read(struct silent *list, const char *state);

bool silent_has(const struct silent *list, const char *device);

/* 0 or -ENOMEM. Nothing happens if it is listed already. */
int silent_add(struct silent *list, const char *device) _must_check_;

void silent_remove(struct silent *list, const char *device);

/* Writes the list if it changed; an empty one is removed. 0 or -errno. */
int silent_write(const struct silent *list, const char *state) _must_check_;

void silent_free(struct silent *list);

#endif
