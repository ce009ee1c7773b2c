/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * depmod's text indexes of one kernel: modules.dep, modules.builtin, modules.softdep,
 * modules.weakdep and, when first needed, modules.alias. Source of the formats: depmod(8),
 * modules.dep(5), modprobe.d(5), Documentation/kbuild/kbuild.rst (modules.builtin).
 */
#ifndef COMMON_MODULES_INDEX_H
#define COMMON_MODULES_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct kernel_module {
	const char *name; /* folded, without .ko */
	const char *path; /* below the directory of the index, or absolute; NULL: built into the
			     kernel */
	const char *deps; /* the rest of its line in modules.dep: paths separated by spaces, direct
			     or not, what to load first comes last */
	size_t index;	  /* its place in modindex.modules */
};

struct module_alias {
	const char *pattern; /* folded; for fnmatch */
	const char *module;  /* folded */
	uint32_t literal;    /* bytes of pattern before the first wildcard */
	uint32_t next;	     /* in the same bucket: index + 1, or 0 */
};

/* A line of modules.softdep or modules.weakdep. */
struct module_dependency {
	const char *module; /* folded; for fnmatch */
	const char *value;  /* what follows, for dependency_next() of line.h */
};

struct dependency_lines {
	struct module_dependency *lines; /* in their order */
	size_t count;
	char *text;
};

struct modindex {
	char *dir; /* ROOT/lib/modules/KVER */
	char *dep_text, *builtin_text, *alias_text, *names;
	struct kernel_module *modules; /* those of modules.dep by name, then those of
					  modules.builtin by name */
	size_t count;		       /* of modules.dep */
	size_t builtin_count;
	struct dependency_lines softdeps, weakdeps;
	struct module_alias *aliases;
	size_t alias_count;
	uint32_t *buckets;    /* heads of lists of aliases: index + 1, or 0 */
	uint32_t wild;	      /* head of the list of aliases without a useful beginning */
	unsigned int no_line; /* the first line of modules.dep that is none (it is passed over); 0:
				 all are right */
	bool aliases_read;
};

/*
 * Reads all indexes below dir but modules.alias. Files that do not exist count as empty: an image
 * may have no modules at all (dep_text is NULL then). 0 or -errno.
 */
int modindex_open(const char *dir, struct modindex *ret, struct error **err) _must_check_;

/*
 * The same from texts in memory, which the index takes over, also on failure: modules.dep (len
 * bytes and a NUL) and modules.builtin (NUL-terminated); each may be NULL. 0 or -ENOMEM.
 */
int modindex_parse(struct modindex *index, char *dep, size_t len, char *builtin);

/*
 * Reads the lines of one keyword ("softdep", "weakdep") from text (NUL-terminated, taken over, also
 * on failure); others are passed over, as modprobe does. 0 or -ENOMEM.
 */
int dependency_lines_parse(struct dependency_lines *lines, const char *keyword, char *text);

/* NULL-safe on a zeroed one. */
void modindex_close(struct modindex *index);

/* The module called name (any spelling of '-' and '_'), or NULL. Built-in ones are found too. */
const struct kernel_module *modindex_find(const struct modindex *index, const char *name);

/* The module that the path in a line of modules.dep stands for, or NULL. length: of path. */
const struct kernel_module *modindex_find_path(const struct modindex *index, const char *path,
					       size_t length);

/*
 * The next line (from *at on, which moves) about the module of that folded name, or NULL. A module
 * may have several: modprobe heeds the first softdep alone.
 */
const struct module_dependency *dependency_lines_next(const struct dependency_lines *lines,
						      const char *name, size_t *at);

/*
 * The names of the modules whose aliases match text, in the order of modules.alias, each once.
 * *ret_names (an array, the caller's to free) points to names that belong to the index. Reads
 * modules.alias at the first call. 0 (also when none matches) or -errno.
 */
int modindex_match(struct modindex *index, const char *text, const char ***ret_names,
		   size_t *ret_count);

#endif
