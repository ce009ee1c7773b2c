/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Themes of plymouth(8): which one a system shows, and what it is made of. Sources: plymouth's
 * plymouthd.conf and theme files, which are key files with sections. */
#ifndef BUILDER_RESOLVE_SPLASH_H
#define BUILDER_RESOLVE_SPLASH_H

#include "builder/host/host.h"

#define SPLASH_THEMES "/usr/share/plymouth/themes"

struct splash_theme {
	char *name;
	char *module; /* the plugin that draws it: "two-step" */
	char *images; /* directory of the target that it names; NULL: none */
	char *config; /* plymouthd.conf of the system, with this theme */
};

/*
 * The theme of that name, with NULL that of the system: of plymouthd.conf, of the distribution
 * (plymouthd.defaults, default.plymouth), else one that plymouth itself brings; each only if it is
 * there. -ENOENT: there is none, the message lists those that exist.
 */
int splash_find(const struct host *host, const char *name, struct splash_theme *ret,
		struct error **err) _must_check_;

/* The directory of plymouth's plugins that has MODULE.so, a path of the target owned by the caller.
 * -ENOENT. */
int splash_plugins(const struct host *host, const char *module, char **ret,
		   struct error **err) _must_check_;

void splash_theme_release(struct splash_theme *theme);

#endif
