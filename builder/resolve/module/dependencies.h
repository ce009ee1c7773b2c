/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of a kernel's modules, and which of them an image takes. */
#ifndef BUILDER_RESOLVE_MODULE_DEPENDENCIES_H
#define BUILDER_RESOLVE_MODULE_DEPENDENCIES_H

#include <stdbool.h>

#include "builder/util/diag.h"
#include "common/modules/index.h"

struct module {
	const char *name; /* '_' for '-', without directory and .ko */
	const char *path; /* below the module directory: "kernel/drivers/block/virtio_blk.ko.xz" */
	const char *deps; /* paths of all that it needs, direct or not, in depmod's order, separated
			     by spaces */
	/* where the kernel's source has it or what it replaces, for groups; path itself when that
	 * is unknown (origin.h) */
	const char *place;
	/* set by hardware_mark(): it drives devices; the kernel asks for it by other names too */
	bool device, software;
	const char *hardware; /* the modalias of a listed device that it drives, or NULL */
	/* set while resolving */
	bool chosen, blacklisted, inflated; /* inflated: see module_is_inflated() */
	struct srcloc why;		    /* the profile line in the end responsible */
	char *reason;			    /* "needed by virtio_net"; owned */
};

struct module_table {
	struct modindex index;
	struct module *modules; /* those of modules.dep, sorted by name, as in the index */
	size_t count;
	bool inflated; /* all modules are */
};

/*
 * Reads the indexes of modules_dir. -ENOENT: it has no modules.dep. Lines of that which are not
 * "PATH.ko*: ..." are an error (-EINVAL) that names the line.
 */
int module_table_open(struct module_table *table, const char *modules_dir,
		      struct error **err) _must_check_;

/* Makes the table from its index; what module_table_open does when that is read. */
int module_table_fill(struct module_table *table, struct error **err) _must_check_;

/* By name in either spelling ("virtio-blk" is virtio_blk), or NULL. */
struct module *module_table_find(const struct module_table *table, const char *name);

/* The module at that path (as in deps; `len` bytes), or NULL. */
struct module *module_table_find_path(const struct module_table *table, const char *path,
				      size_t len);

bool module_table_is_builtin(const struct module_table *table, const char *name);

/* Whether the kernel has it neither as a module nor built in; false where modules.builtin is
 * missing, and nobody knows. */
bool module_table_lacks(const struct module_table *table, const char *name);

/* "'a', 'b' or 'c'": up to five names like `name`, owned by the caller; NULL when there is none (or
 * no memory). */
char *module_table_near(const struct module_table *table, const char *name);

/* Whether the image holds a compressed module decompressed, as a plain .ko. */
bool module_is_inflated(const struct module_table *table, const struct module *module);

/* How much of a path from modules.dep is its path in the image: without ".xz" when the module is
 * inflated. */
size_t module_path_len(const struct module_table *table, const char *path, size_t len);

void module_table_release(struct module_table *table);

#endif
