// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void findings_add(struct findings *f, enum finding_level level, const char *fmt, ...)
{
	struct finding *items;
	char *text = NULL;
	va_list ap;
	int n;

	if (!f)
		return;
	f->count[level]++;
	if (f->n >= FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	items = realloc(f->items, (f->n + 1) * sizeof(*items));
	if (!items) {
		free(text);
		return;
	}
	f->items = items;
	f->items[f->n++] = (struct finding){ level, text };
}

void findings_release(struct findings *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		free(f->items[i].text);
	free(f->items);
	memset(f, 0, sizeof(*f));
}
