/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel modules that a profile asks for, with all that they need. */
#ifndef BUILDER_RESOLVE_MODULE_MODULES_H
#define BUILDER_RESOLVE_MODULE_MODULES_H

#include "builder/host/host.h"
#include "builder/resolve/module/dependencies.h"
#include "builder/resolve/module/kmod.h"
#include "builder/resolve/module/origin.h"

struct module_set {
	struct module_table table;
	struct module_origins origins;
	struct kmod_lookup *lookup;
	struct dependency_lines softdeps; /* of the system, beside those of the index */
	bool limited;			  /* groups leave out what hardware_lacks() */
	struct vec *notes;		  /* of char *: what the user should know; not owned */
};

/*
 * Reads the indexes of host->modules_dir. softdeps, taken over also on failure, are lines that
 * modules.softdep does not have. notes stays the caller's and must outlive the set. -ENOENT: an
 * index is missing, with the depmod command in the message.
 */
int module_set_open(struct module_set *set, const struct host *host, char *softdeps,
		    struct vec *notes, struct error **err) _must_check_;

/*
 * Keeps a module out, whoever needs it; a note tells who does. To be called before the first
 * module_set_add. Returns 1 when there is no such module, else 0.
 */
int module_set_blacklist(struct module_set *set, const char *name);

/*
 * Adds what spec stands for: a name, a glob ("virtio_*", "drivers/net/virtio*"), an alias
 * ("fs-ext4", "pci:..."), a group
 * ("=block"), everything below a directory ("=drivers/ata"); '?' at its end: nothing found is fine.
 * Dependencies, soft and weak dependencies and what a file system asks for when it is mounted come
 * along. why is remembered with each. -ENOENT: nothing is like that; the message suggests and has
 * no location.
 */
int module_set_add(struct module_set *set, const char *spec, struct srcloc why,
		   struct error **err) _must_check_;

void module_set_release(struct module_set *set);

#endif
