/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing, always NUL-terminated text. A failed allocation is remembered and reported by
 * strbuf_steal. */
#ifndef BUILDER_UTIL_STRBUF_H
#define BUILDER_UTIL_STRBUF_H

#include <stdbool.h>

#include "common/macro.h"

struct strbuf {
	char *text;
	size_t len, cap;
	bool failed;
};

void strbuf_add(struct strbuf *sb, const char *text);
void strbuf_add_mem(struct strbuf *sb, const void *data, size_t len);
void strbuf_printf(struct strbuf *sb, const char *fmt, ...) _printf_(2, 3);

/* The text ("" when nothing was added), owned by the caller; sb is empty again. NULL when memory
 * ran out. */
char *strbuf_steal(struct strbuf *sb) _must_check_;

void strbuf_release(struct strbuf *sb);
#define _cleanup_strbuf_ _cleanup_(strbuf_release)

#endif
