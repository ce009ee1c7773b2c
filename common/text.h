/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several parts ask of strings. */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

#include <stdbool.h>
#include <string.h>

#include "common/macro.h"

/* True if text begins with prefix; every text begins with "". */
static inline _must_check_ bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

#endif
