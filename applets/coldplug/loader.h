/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to loaded modules. */
#ifndef APPLETS_COLDPLUG_LOADER_H
#define APPLETS_COLDPLUG_LOADER_H

#include "applets/coldplug/later.h"
#include "applets/coldplug/modconfig.h"
#include "common/modules/index.h"

struct loader {
	struct modindex index;
	struct modconfig config;
	char *sysfs;   /* ROOT/sys */
	bool dry_run;  /* print instead of loading */
	bool verbose;  /* print as well */
	bool *printed; /* by module, in a dry run: it counts as loaded */
	size_t loaded; /* modules that this loader brought in */
};

/* Where a loader reads from; NULL fields have their defaults. */
struct loader_paths {
	const char *root;	/* "" */
	const char *kver;	/* uname -r; the only one below root, where that one is not there */
	const char *config_dir; /* ROOT/etc/modprobe.d, after ROOT/lib/modprobe.d */
};

/* Reads indexes and settings. 0 or -errno. */
int loader_open(struct loader *l, const struct loader_paths *paths,
		struct error **err) _must_check_;

void loader_close(struct loader *l);

/*
 * Loads what name (module or alias) stands for, dependencies first. extra: options for the module
 * itself, or NULL. Modules that are there already, or are built in, count as done. 0; -ENOENT:
 * nothing by that name (no message in err); other -errno: a module that is needed could not be
 * loaded, err tells which and why.
 */
int loader_load(struct loader *l, const char *name, const char *extra,
		struct error **err) _must_check_;

/* The urgency of the most urgent module that loader_load() would load for name; MODULE_NOW when
 * none is known. */
enum module_urgency loader_urgency(struct loader *l, const char *name);

#endif
