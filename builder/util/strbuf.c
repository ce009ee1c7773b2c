// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool reserve(struct strbuf *sb, size_t more)
{
	size_t need = sb->len + more + 1, cap = MAX(sb->cap * 2, need);
	char *text;

	if (sb->failed)
		return false;
	if (need <= sb->cap)
		return true;
	text = realloc(sb->text, cap);
	if (!text) {
		sb->failed = true;
		return false;
	}
	sb->text = text;
	sb->cap = cap;
	return true;
}

void strbuf_add_mem(struct strbuf *sb, const void *data, size_t len)
{
	if (!reserve(sb, len))
		return;
	memcpy(sb->text + sb->len, data, len);
	sb->len += len;
	sb->text[sb->len] = '\0';
}

void strbuf_add(struct strbuf *sb, const char *text)
{
	strbuf_add_mem(sb, text, strlen(text));
}

void strbuf_printf(struct strbuf *sb, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		sb->failed = true;
		return;
	}
	strbuf_add_mem(sb, text, (size_t)n);
	free(text);
}

char *strbuf_steal(struct strbuf *sb)
{
	char *text;

	strbuf_add_mem(sb, "", 0);
	text = sb->failed ? NULL : steal_ptr(&sb->text);
	strbuf_release(sb);
	return text;
}

void strbuf_release(struct strbuf *sb)
{
	free(sb->text);
	*sb = (struct strbuf){ 0 };
}
