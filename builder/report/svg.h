/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drawings as SVG: readable on paper, and on a screen in a light and a dark scheme. */
#ifndef BUILDER_REPORT_SVG_H
#define BUILDER_REPORT_SVG_H

#include <stdio.h>

#include "common/macro.h"

/* Colours of areas, chosen to differ without colour vision too; classes c0 to c7. */
#define SVG_COLOURS	8
#define SVG_TEXT_HEIGHT 12 /* px */

struct svg_rect {
	double x, y, w, h;
};

/* title also names the drawing for screen readers; any text is escaped. */
void svg_begin(FILE *to, double width, double height, const char *title);
void svg_end(FILE *to);

/* A rectangle of that class, with a tooltip (may be NULL). */
void svg_area(FILE *to, const struct svg_rect *at, const char *class, const char *tip);

/* Text with its left end at x on the base line y, cut to width px. Nothing when hardly any of it
 * fits. */
void svg_text(FILE *to, double x, double y, double width, const char *class, const char *text);

/* A vertical line. */
void svg_rule(FILE *to, double x, double top, double bottom);

/* How wide a text is at most, in px. */
double svg_width(const char *text);

/* Text for an element or an attribute; what XML cannot hold is written as by print_text. */
void svg_escape(FILE *to, const char *text);

#endif
