/* SPDX-License-Identifier: GPL-2.0-or-later */
/* depmod's text indexes of one kernel: modules.dep, modules.builtin and, when first needed,
 * modules.alias. */
#ifndef APPLETS_COLDPLUG_MODINDEX_H
#define APPLETS_COLDPLUG_MODINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct module {
	const char *name; /* folded, without .ko */
	const char *path; /* below the directory of the index, or absolute; NULL: built into the
			     kernel */
	const char *deps; /* the rest of its line in modules.dep: paths, what to load first comes
			     last */
	size_t index;	  /* place in modindex.modules */
};

struct alias {
	const char *pattern; /* folded; for fnmatch */
	const char *module;  /* folded */
	uint32_t literal;    /* bytes of pattern before the first wildcard */
	uint32_t next;	     /* in the same bucket: index + 1, or 0 */
};

struct modindex {
	char *dir; /* ROOT/lib/modules/KVER */
	char *dep_text, *builtin_text, *alias_text;
	struct module *modules;
	size_t count;
	uint32_t *names; /* open hash of modules by name: index + 1, or 0 */
	size_t names_size;
	struct alias *aliases;
	size_t alias_count;
	uint32_t *buckets; /* heads of lists of aliases: index + 1, or 0 */
	uint32_t wild;	   /* head of the list of aliases without a useful beginning */
	bool aliases_read;
};

/*
 * Reads modules.dep and modules.builtin below dir. Files that do not exist count as empty: an image
 * may have no modules at all. 0 or -errno.
 */
int modindex_open(const char *dir, struct modindex *ret, struct error **err);

/* NULL-safe on a zeroed one. */
void modindex_close(struct modindex *index);

/* The module called name (any spelling of '-' and '_'), or NULL. Built-in ones are found too. */
const struct module *modindex_find(const struct modindex *index, const char *name);

/* The module that the path in a line of modules.dep stands for, or NULL. length: of path. */
const struct module *modindex_find_path(const struct modindex *index, const char *path,
					size_t length);

/*
 * The names of the modules whose aliases match text, in the order of modules.alias, each once.
 * *ret_names (an array, the caller's to free) points to names that belong to the index. Reads
 * modules.alias at the first call. 0 (also when none matches) or -errno.
 */
int modindex_match(struct modindex *index, const char *text, const char ***ret_names,
		   size_t *ret_count);

#endif
