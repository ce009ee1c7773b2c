/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The .modinfo section of modules. Source: include/linux/module.h, MODULE_INFO: NUL-separated
 * "tag=value". */
#ifndef BUILDER_RESOLVE_MODULE_MODINFO_H
#define BUILDER_RESOLVE_MODULE_MODINFO_H

#include <stddef.h>

#include "common/error.h"

/*
 * Calls found for each value of `tag` in a module held in memory. A callback's non-zero return
 * stops and is returned. -EBADMSG: not a module.
 */
int modinfo_values(char *module, size_t len, const char *tag,
		   int (*found)(void *context, const char *value), void *context);

#endif
