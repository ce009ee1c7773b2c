/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns: * any text, ? one byte, [a-b] a byte of that range. fnmatch(3) brings tables of Unicode
 * along. */
#ifndef APPLETS_BOOTPLAN_GLOB_H
#define APPLETS_BOOTPLAN_GLOB_H

#include <stdbool.h>

/* Whether the whole text is as the pattern says. */
bool glob_matches(const char *pattern, const char *text);

#endif
