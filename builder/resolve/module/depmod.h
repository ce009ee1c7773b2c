/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The depmod command that makes the missing index of a module directory. */
#ifndef BUILDER_RESOLVE_MODULE_DEPMOD_H
#define BUILDER_RESOLVE_MODULE_DEPMOD_H

#include "common/error.h"
#include "common/macro.h"

/*
 * For modules_dir, ROOT/lib/modules/KVER or ROOT/usr/lib/modules/KVER. depmod -b looks in
 * lib/modules below what it is given, and reads the configuration of the machine that it runs on
 * unless -C names that of ROOT. Owned by the caller, NULL without memory.
 */
char *depmod_command(const char *modules_dir) _must_check_;

/* -ENOENT, and in *err (which may have another error) that modules.dep names a path that is not
 * there. */
int depmod_is_stale(const char *modules_dir, const char *path, struct error **err) _must_check_;

#endif
