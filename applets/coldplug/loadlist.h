/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a name to the modules to load, in order: pure, no module is touched. */
#ifndef APPLETS_COLDPLUG_LOADLIST_H
#define APPLETS_COLDPLUG_LOADLIST_H

#include "applets/coldplug/modconfig.h"
#include "common/modules/index.h"

struct load_item {
	const struct kernel_module *module;
	bool required; /* not only by a softdep: without it the others need not be tried */
};

struct loadlist {
	struct load_item *items;
	size_t count;
};

/*
 * Appends what loading name takes: dependencies and softdeps before and after it, each module once,
 * in the order of modprobe(8). name: a module or an alias; of an alias every module that matches
 * and is not blacklisted. 0; -ENOENT: neither a module nor a built-in one is known by that name;
 * -EPERM: all that match are blacklisted; -ENOMEM.
 */
int loadlist_add(struct loadlist *list, struct modindex *index, const struct modconfig *config,
		 const char *name);

void loadlist_free(struct loadlist *list);

#endif
