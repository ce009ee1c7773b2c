/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text indexes of the image: the host's, cut down to the modules inside. depmod is not run. */
#ifndef BUILDER_RESOLVE_MODULE_INDEX_H
#define BUILDER_RESOLVE_MODULE_INDEX_H

#include "builder/resolve/module/dependencies.h"

/* modules.dep with the chosen modules, sorted by path. Owned by the caller, NULL without memory. */
char *module_index_dep(const struct module_table *table, size_t *ret_len);

/*
 * The lines "alias PATTERN NAME" or "softdep NAME ..." of an index whose module is chosen, in their
 * order. *ret is owned by the caller and NULL when modules_dir has no such file.
 */
int module_index_alias(const struct module_table *table, const char *modules_dir, char **ret,
		       size_t *ret_len, struct error **err) _must_check_;
int module_index_softdep(const struct module_table *table, const char *modules_dir, char **ret,
			 size_t *ret_len, struct error **err) _must_check_;
/* The whole modules.builtin. */
int module_index_builtin(const struct module_table *table, const char *modules_dir, char **ret,
			 size_t *ret_len, struct error **err) _must_check_;

#endif
