/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the kernel's own tree has a module that lies elsewhere: in updates/, extra/, weak-updates/.
 */
#ifndef BUILDER_RESOLVE_MODULE_ORIGIN_H
#define BUILDER_RESOLVE_MODULE_ORIGIN_H

#include "builder/resolve/module/dependencies.h"

/* The texts that the places of modules point into. */
struct module_origins {
	char *order, *builtin, *alias;
	struct vec walked; /* of char *, owned */
};

/*
 * Sets the place of each module of table. It is that of the module with the same name in
 * modules.order, modules.builtin or kernel/ of modules_dir; else, that of a module with a modalias
 * in common, which it can stand in for; else, what its own path has from a directory of the
 * kernel's source on ("extra/x/drivers/net/y.ko"). origins must outlive table.
 */
int module_origins_find(struct module_origins *origins, struct module_table *table,
			const char *modules_dir, struct error **err) _must_check_;

void module_origins_release(struct module_origins *origins);

#endif
