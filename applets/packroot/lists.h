/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be saved and what is not: lists as in Tiny Core's .filetool.lst and .xfiletool.lst. */
#ifndef APPLETS_PACKROOT_LISTS_H
#define APPLETS_PACKROOT_LISTS_H

#include <stdbool.h>

#include "common/error.h"

struct list {
	char **items;
	size_t count;
};

/*
 * Reads the file path (relative to directory fd dir): one item a line, blanks at both ends, empty
 * lines and lines with '#' in front do not count, nor do slashes at both ends of an item. *ret is
 * released with list_release. 0 or -errno.
 */
int list_read(int dir, const char *path, struct list *ret, struct error **err) _must_check_;

/* The same from text, which is changed. 0 or -ENOMEM. */
int list_parse(char *text, struct list *ret);

void list_release(struct list *list);

/*
 * Whether path (relative, no slash in front) is left out: as with tar's --exclude, a pattern
 * (glob(7),
 * '*' takes slashes too) may match from any part of the path on, and all below it is left out too.
 * A pattern that had a slash in front matches from the first part only.
 */
bool list_excludes(const struct list *patterns, const char *path);

#endif
