// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/diag.h"

#include <stdarg.h>
#include <string.h>

#include "builder/util/strbuf.h"
#include "common/print.h"
#include "common/url.h"

/* A file of garbage should not scroll its first problem off the screen. */
#define MAX_PRINTED 50
/* Of a longer source line only the part around the caret is shown. */
#define MAX_LINE 160

/* Messages end up in logs: without the passwords of addresses, and as long as before for the caret.
 */
static char *copy_or_null(const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (copy)
		url_blank(copy);
	return copy;
}

static void item_release(void *p)
{
	struct diag_item *item = p;

	if (!item)
		return;
	free(item->message);
	free(item->source);
	free(item->expected);
	free(item);
}

void diag_add(struct diag *d, enum diag_level level, struct srcloc loc, const char *source,
	      const char *expected, const char *fmt, ...)
{
	struct diag_item *item = calloc(1, sizeof(*item));
	va_list ap;

	if (level == DIAG_ERROR)
		d->errors++;
	if (!item)
		return;
	item->level = level;
	item->loc = loc;
	item->source = copy_or_null(source);
	item->expected = copy_or_null(expected);
	item->order = d->items.len;
	va_start(ap, fmt);
	if (vasprintf(&item->message, fmt, ap) < 0)
		item->message = NULL;
	if (item->message)
		url_blank(item->message);
	va_end(ap);
	if (vec_push(&d->items, item) < 0)
		item_release(item);
}

static int compare_numbers(size_t a, size_t b)
{
	return a < b ? -1 : a > b;
}

static int diag_compare_items(const void *pa, const void *pb)
{
	const struct diag_item *a = pa, *b = pb;
	int order = strcmp(a->loc.file ? a->loc.file : "", b->loc.file ? b->loc.file : "");

	if (!order)
		order = compare_numbers(a->loc.line, b->loc.line);
	if (!order)
		order = compare_numbers(a->loc.col, b->loc.col);
	return order ? order : compare_numbers(a->order, b->order);
}

static bool is_continuation_byte(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Control characters would disturb the terminal: one '?' each, tabs stay. */
static int printable(unsigned char c)
{
	return (c < 0x20 && c != '\t') || c == 0x7f ? '?' : c;
}

/* The line, or the MAX_LINE bytes of it that hold the column, and below it the caret. */
static void print_source(const struct diag_item *item, FILE *to)
{
	const char *line = item->source;
	size_t len = strlen(line), caret = item->loc.col ? item->loc.col - 1 : 0;
	size_t start = 0, end;

	if (caret > len)
		caret = len;
	if (len > MAX_LINE && caret > MAX_LINE / 2)
		start = MIN(caret - MAX_LINE / 2, len - MAX_LINE);
	while (start > 0 && is_continuation_byte(line[start]))
		start--;
	end = MIN(len, start + MAX_LINE);
	while (end < len && is_continuation_byte(line[end]))
		end++;

	fputs(start ? "  ..." : "  ", to);
	for (size_t i = start; i < end; i++)
		fputc(printable((unsigned char)line[i]), to);
	fputs(end < len ? "...\n" : "\n", to);
	if (!item->loc.col)
		return;
	fputs(start ? "     " : "  ", to);
	for (size_t i = start; i < caret; i++)
		if (!is_continuation_byte(line[i]))
			fputc(line[i] == '\t' ? '\t' : ' ', to);
	fputs("^\n", to);
}

static void print_item(const struct diag_item *item, FILE *to)
{
	print_text(to, item->loc.file ? item->loc.file : "profile");
	if (item->loc.line)
		fprintf(to, ":%u:%u", item->loc.line, item->loc.col);
	fprintf(to, ": %s: ", item->level == DIAG_ERROR ? "error" : "warning");
	print_text(to, item->message ? item->message : "out of memory");
	fputc('\n', to);
	if (item->source && item->loc.line)
		print_source(item, to);
	if (item->expected)
		fprintf(to, "  expected: %s\n", item->expected);
}

void diag_print(struct diag *d, FILE *to)
{
	const struct diag_item *item;

	vec_sort(&d->items, diag_compare_items);
	vec_foreach(i, item, &d->items) {
		if (i == MAX_PRINTED) {
			fprintf(to, "... and %zu more problems\n", d->items.len - i);
			break;
		}
		print_item(item, to);
	}
}

void diag_release(struct diag *d)
{
	vec_clear(&d->items, item_release);
	d->errors = 0;
}
