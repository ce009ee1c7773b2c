/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of a kernel's modules, from the text files that depmod and the kernel's build write.
 * Source of the formats: depmod(8), modules.dep(5), Documentation/kbuild/kbuild.rst
 * (modules.builtin).
 */
#ifndef BUILDER_RESOLVE_MODDEP_H
#define BUILDER_RESOLVE_MODDEP_H

#include <stdbool.h>

#include "builder/util/diag.h"
#include "builder/util/vec.h"
#include "common/error.h"

struct module {
	const char *name; /* '_' for '-', without directory and .ko */
	const char *path; /* below the module directory: "kernel/drivers/block/virtio_blk.ko.xz" */
	const char *deps; /* paths of all that it needs, direct or not, in depmod's order, separated
			     by spaces */
	/* set while resolving */
	bool chosen, blacklisted;
	struct srcloc why; /* the profile line in the end responsible */
	char *reason;	   /* "needed by virtio_net"; owned */
};

struct module_table {
	struct module *modules; /* sorted by name */
	size_t count;
	char *text;	     /* of modules.dep, cut into strings that path and deps point to */
	char *names;	     /* what the names point to */
	struct vec softdeps; /* of struct softdep, owned */
	char *softdep_text;  /* of modules.softdep, cut into strings */
	struct vec weakdeps; /* likewise, of modules.weakdep */
	char *weakdep_text;
	struct vec builtin; /* of const char *: names of what the kernel holds itself, sorted */
	char *builtin_text;
	bool inflated; /* the image holds compressed modules decompressed, as plain .ko */
};

/* All lines of modules.softdep about one module: "softdep NAME pre: A B post: C"; or of
 * modules.weakdep: "weakdep NAME A B". */
struct softdep {
	const char *name;
	struct vec modules; /* of const char *: names or aliases, pre and post */
};

/*
 * Takes text (NUL-terminated, len bytes) over, also on failure. Lines that are not "PATH.ko*: ..."
 * are an error (-EINVAL) that names modules.dep and the line.
 */
int module_table_parse(struct module_table *table, char *text, size_t len, struct error **err);

/* Adds modules.softdep (taken over); unknown lines are skipped, as modprobe does. */
int module_table_parse_softdep(struct module_table *table, char *text, struct error **err);

/*
 * Adds modules.weakdep (taken over), which depmod writes since kmod 33: what a driver may ask for
 * when it has found its hardware. modprobe does not load it; it is there for builders of initramfs
 * images (modprobe.d(5)).
 */
int module_table_parse_weakdep(struct module_table *table, char *text, struct error **err);

/* Adds modules.builtin (taken over). */
int module_table_parse_builtin(struct module_table *table, char *text, struct error **err);

/* By name in either spelling ("virtio-blk" is virtio_blk), or NULL. */
struct module *module_table_find(const struct module_table *table, const char *name);

/* The module at that path (as in deps; `len` bytes), or NULL. */
struct module *module_table_find_path(const struct module_table *table, const char *path,
				      size_t len);

bool module_table_is_builtin(const struct module_table *table, const char *name);

/* The soft dependencies of a module, or NULL. */
const struct softdep *module_table_softdep(const struct module_table *table, const char *name);

/* Likewise its weak dependencies. */
const struct softdep *module_table_weakdep(const struct module_table *table, const char *name);

/* "'a', 'b' or 'c'": up to five names like `name`, owned by the caller; NULL when there is none (or
 * no memory). */
char *module_table_near(const struct module_table *table, const char *name);

/*
 * Writes the module name of a path or name into buf: the part after the last '/' up to the first
 * '.', with '_' for '-'. False when it does not fit.
 */
bool module_name(const char *path, size_t len, char *buf, size_t size);

/* How much of a path from modules.dep is its path in the image: without ".xz" when the table is
 * inflated. */
size_t module_path_len(const struct module_table *table, const char *path, size_t len);

void module_table_release(struct module_table *table);

#endif
