/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modprobe.d(5): what the user and depmod want beside plain dependencies. */
#ifndef APPLETS_COLDPLUG_MODCONFIG_H
#define APPLETS_COLDPLUG_MODCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum setting_kind { SETTING_ALIAS, SETTING_BLACKLIST, SETTING_OPTIONS, SETTING_SOFTDEP };

/* One line. name is folded: a module, or for ALIAS and SOFTDEP a pattern. value: the rest of the
 * line. */
struct setting {
	enum setting_kind kind;
	const char *name, *value;
};

struct modconfig {
	char **texts; /* the files, which the settings point into */
	size_t text_count;
	struct setting *settings; /* in order of precedence */
	size_t count;
};

/*
 * Reads all *.conf of directory dir in the order of their names (a directory that does not exist is
 * empty). `install`, `remove` and unknown directives are ignored with a warning that names file and
 * line. 0 or -errno.
 */
int modconfig_read_dir(struct modconfig *config, const char *dir, struct error **err) _must_check_;

/* Reads one file of a directory, if it exists. */
int modconfig_read_file(struct modconfig *config, const char *dir, const char *name,
			struct error **err) _must_check_;

/*
 * Takes modprobe.blacklist=A,B blacklist=A,B and MODULE.PARAM=VALUE from the text of the kernel's
 * command line, which becomes the config's own (it is freed with it). 0 or -ENOMEM.
 */
int modconfig_take_cmdline(struct modconfig *config, char *text);

/* Is the module (folded) kept from being loaded by alias? */
bool modconfig_is_blacklisted(const struct modconfig *config, const char *module);

/* The i-th (from *at on) setting of a kind that fits name, or NULL. For ALIAS and SOFTDEP by
 * pattern. */
const struct setting *modconfig_next(const struct modconfig *config, enum setting_kind kind,
				     const char *name, size_t *at);

/* All options of a module in one string for finit_module(2), the caller's to free; NULL: out of
 * memory. */
char *modconfig_options(const struct modconfig *config, const char *module);

/* Safe on a zeroed one. */
void modconfig_free(struct modconfig *config);

#endif
