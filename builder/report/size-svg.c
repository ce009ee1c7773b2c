// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder/report/size.h"
#include "builder/report/treemap.h"

#define WIDTH	1120.0
#define HEIGHT	780.0
#define MARGIN	16.0
#define TOP	72.0 /* of the map: title and legend are above */
#define HEADING 16.0 /* of a row's rectangle */

static int compare_items(const void *a, const void *b)
{
	const struct treemap_item *left = a, *right = b;

	return left->size < right->size ? 1 : left->size > right->size ? -1 : 0;
}

static void kind_class(enum size_kind kind, char class[static 16])
{
	snprintf(class, 16, "area c%u", (unsigned)kind % SVG_COLOURS);
}

static void size_words(uint64_t bytes, char text[static 24])
{
	if (bytes < 10240)
		snprintf(text, 24, "%" PRIu64 " bytes", bytes);
	else if (bytes < 10 * 1048576)
		snprintf(text, 24, "%" PRIu64 " KiB", bytes / 1024);
	else
		snprintf(text, 24, "%.1f MiB", (double)bytes / 1048576);
}

static void draw_member(const struct treemap_item *item, const struct size_row *row, FILE *to)
{
	const struct size_member *member = item->data;
	const char *slash = strrchr(member->path, '/');
	char tip[512], class[16], words[24];

	kind_class(member->kind, class);
	size_words(member->stored, words);
	snprintf(tip, sizeof(tip), "/%s: %s, by %s%s%s", member->path, words, row->reason,
		 *row->where ? " of " : "", row->where);
	svg_area(to, &item->at, class, tip);
	if (item->at.h >= SVG_TEXT_HEIGHT + 3)
		svg_text(to, item->at.x + 3, item->at.y + SVG_TEXT_HEIGHT, item->at.w - 6, "",
			 slash ? slash + 1 : member->path);
}

/* Items of n members; NULL without memory. The smallest may take no byte: nothing to draw. */
static struct treemap_item *member_items(const struct size_row *row, size_t *ret_n)
{
	struct treemap_item *items = calloc(row->members.len + 1, sizeof(*items));
	const struct size_member *member;

	*ret_n = 0;
	if (!items)
		return NULL;
	vec_foreach(i, member, &row->members)
		if (member->stored)
			items[(*ret_n)++] = (struct treemap_item){ .size = (double)member->stored,
								   .data = member };
	return items;
}

static int draw_row(const struct treemap_item *at, FILE *to, struct error **err)
{
	const struct size_row *row = at->data;
	struct svg_rect inner = at->at;
	_cleanup_free_ struct treemap_item *items = NULL;
	char label[256], words[24];
	size_t n;

	items = member_items(row, &n);
	if (!items)
		return error_no_memory(err);
	if (inner.h > 3 * HEADING && inner.w > 60) {
		size_words(row->stored, words);
		snprintf(label, sizeof(label), "%s  %s", row->reason, words);
		svg_text(to, inner.x + 3, inner.y + SVG_TEXT_HEIGHT, inner.w - 6, "", label);
		inner.y += HEADING;
		inner.h -= HEADING;
	}
	treemap_layout(items, n, inner);
	for (size_t i = 0; i < n; i++)
		draw_member(&items[i], row, to);
	svg_area(to, &at->at, "frame", NULL);
	return 0;
}

static void draw_legend(const struct size_report *report, FILE *to)
{
	double x = MARGIN;

	for (unsigned kind = 0; kind < SIZE_KINDS; kind++) {
		char class[16], words[24], label[64];
		const struct size_row *row;
		uint64_t stored = 0;

		vec_foreach(i, row, &report->rows)
			stored += row->kind == kind ? row->stored : 0;
		if (!stored)
			continue;
		kind_class((enum size_kind)kind, class);
		size_words(stored, words);
		snprintf(label, sizeof(label), "%s %s", size_kind_name((enum size_kind)kind),
			 words);
		svg_area(to, &(struct svg_rect){ x, TOP - 24, 12, 12 }, class, NULL);
		svg_text(to, x + 17, TOP - 13, WIDTH, "", label);
		x += 17 + svg_width(label) + 14;
	}
}

static void draw_title(const struct size_report *report, FILE *to)
{
	char words[24], unpacked[24], title[320];
	const char *slash = strrchr(report->path, '/');

	size_words(report->record.length, words);
	size_words(report->unpacked, unpacked);
	snprintf(title, sizeof(title), "%.200s: %s, %s unpacked", slash ? slash + 1 : report->path,
		 words, unpacked);
	svg_begin(to, WIDTH, HEIGHT, title);
	svg_text(to, MARGIN, 28, WIDTH, "head", title);
}

int size_print_svg(const struct size_report *report, FILE *to, struct error **err)
{
	_cleanup_free_ struct treemap_item *items = calloc(report->rows.len + 1, sizeof(*items));
	const struct size_row *row;
	size_t n = 0;
	int r = 0;

	if (!items)
		return error_no_memory(err);
	vec_foreach(i, row, &report->rows)
		if (row->stored)
			items[n++] =
				(struct treemap_item){ .size = (double)row->stored, .data = row };
	qsort(items, n, sizeof(*items), compare_items);
	draw_title(report, to);
	draw_legend(report, to);
	treemap_layout(items, n,
		       (struct svg_rect){ MARGIN, TOP, WIDTH - 2 * MARGIN, HEIGHT - TOP - MARGIN });
	for (size_t i = 0; i < n && r == 0; i++)
		r = draw_row(&items[i], to, err);
	svg_end(to);
	return r;
}
