/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of machines, by their modaliases (Documentation/driver-api/driver-model/, and
 * modules.alias as depmod(8) writes it), and which drivers are for them.
 */
#ifndef BUILDER_RESOLVE_MODULE_HARDWARE_H
#define BUILDER_RESOLVE_MODULE_HARDWARE_H

#include "builder/resolve/module/dependencies.h"

struct hardware {
	struct vec aliases; /* of char *: "pci:v00008086d00001533..."; sorted once it is scanned */
};

/* Adds one, which is copied and not looked at. -ENOMEM */
int hardware_add(struct hardware *hardware, const char *alias, struct error **err) _must_check_;

/*
 * Adds the modaliases of a file as `mkvinitrd hardware` writes it: one a line, lines that begin
 * with '#' are comments. -EINVAL: the file has none, or a line is something else; the message names
 * it.
 */
int hardware_read(struct hardware *hardware, const char *path, struct error **err) _must_check_;

/*
 * Adds those of the machine whose sysfs is at SYSROOT/sys ("": this machine), sorted and each once;
 * for chips of network cards (mdio), which tell no modalias, what the kernel asks for when it finds
 * them. -ENOENT: no sysfs there.
 */
int hardware_scan(struct hardware *hardware, const char *sysroot, struct error **err) _must_check_;

/* Sets `device` and `hardware` of the modules of table; what they point to belongs to hardware. */
int hardware_mark(const struct hardware *hardware, struct module_table *table,
		  struct error **err) _must_check_;

/* Whether the module drives devices, and none that is listed; to be asked after hardware_mark. */
bool hardware_lacks(const struct module *module);

void hardware_release(struct hardware *hardware);

#endif
