/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "=block" and the like: sets of modules by where they lie in the kernel's tree. */
#ifndef BUILDER_RESOLVE_MODULE_GROUP_H
#define BUILDER_RESOLVE_MODULE_GROUP_H

#include <stdbool.h>
#include <stddef.h>

struct module_group;

/* The group of that name (without '='), or NULL. */
const struct module_group *module_group_find(const char *name);

/* The i-th name, NULL after the last: a candidate function for suggest(). */
const char *module_group_name(const void *context, size_t i);

/* Whether the group takes the module at path ("kernel/drivers/ata/ahci.ko.xz"). */
bool module_group_has(const struct module_group *group, const char *path);

#endif
