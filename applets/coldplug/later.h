/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules need not be there when the search for the root begins. */
#ifndef APPLETS_COLDPLUG_LATER_H
#define APPLETS_COLDPLUG_LATER_H

#include <stdbool.h>
#include <stddef.h>

enum module_urgency {
	MODULE_NOW,   /* may lead to a disk or a network */
	MODULE_SOON,  /* what people see and touch: needed, but not by the search */
	MODULE_SPARE, /* sensors, what makes ciphers faster: the root's udev can load it as well */
};

/*
 * By the place of a module in the kernel's source (path: as in modules.dep; NULL, built into the
 * kernel, is MODULE_SPARE). What lies elsewhere (updates/, extra/) may be anything, so it is
 * MODULE_NOW.
 */
enum module_urgency module_urgency(const char *path);

/* Aliases whose modules are loaded last; the strings are somebody else's. */
struct later {
	struct later_alias {
		const char *alias;
		enum module_urgency urgency;
	} * aliases;
	size_t count, room;
};

/* 0 or -ENOMEM. */
int later_add(struct later *later, const char *alias, enum module_urgency urgency);

/* The most urgent one of those that are not less urgent than `least`, the one that was added first;
 * NULL: there is none. */
const char *later_take(struct later *later, enum module_urgency least);

void later_free(struct later *later);

#endif
