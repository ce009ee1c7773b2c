/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rectangles whose areas are proportional to sizes: squarified treemaps (Bruls, Huizing, van Wijk,
 * 2000). */
#ifndef BUILDER_REPORT_TREEMAP_H
#define BUILDER_REPORT_TREEMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "builder/report/svg.h"

struct treemap_item {
	double size; /* above 0 */
	struct svg_rect at;
	const void *data; /* the caller's */
};

/* Fills in `at` of all items, which must be sorted by size, the largest first. */
void treemap_layout(struct treemap_item *items, size_t n, struct svg_rect within);

#endif
