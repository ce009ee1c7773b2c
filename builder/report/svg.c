// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/svg.h"

#include <string.h>

#include "common/print.h"

/* Of a sans-serif font at SVG_TEXT_HEIGHT, on average, with a reserve */
#define CHARACTER_WIDTH 7.0

/* Classes, and no custom properties: not every program that prints SVG knows those. A printer does
 * not match "screen", so that paper is light. */
static const char style[] =
	"<style>\n"
	"text{font:12px sans-serif;fill:#1a1c20}.head{font-size:17px;font-weight:bold}"
	".note{fill:#565b66}\n"
	".ground{fill:#fff}.frame{fill:none;stroke:#1a1c20;stroke-width:1.2}"
	".rule{stroke:#b9bec8;stroke-width:1}.area{stroke:#fff;stroke-width:.6}\n"
	".c0{fill:#8fb8de}.c1{fill:#f2b872}.c2{fill:#d7a3c8}.c3{fill:#9ccf9a}.c4{fill:#e3d878}"
	".c5{fill:#c4c9d3}.c6{fill:#ea9c93}.c7{fill:#8fd0cc}\n"
	"@media screen and (prefers-color-scheme:dark){\n"
	"text{fill:#eceef2}.note{fill:#a9afbb}.ground{fill:#15171b}.frame{stroke:#eceef2}"
	".rule{stroke:#434853}.area{stroke:#15171b}\n"
	".c0{fill:#2d5c88}.c1{fill:#8a5716}.c2{fill:#7b3f69}.c3{fill:#33692f}.c4{fill:#6d6413}"
	".c5{fill:#4b515d}.c6{fill:#8b3b31}.c7{fill:#22696a}\n"
	"}\n</style>\n";

static void svg_escape_mem(FILE *to, const char *text, size_t len)
{
	for (const char *end = text + len; text < end;) {
		bool printable;
		size_t n = print_character(text, &printable);

		if (!printable)
			for (size_t i = 0; i < n; i++)
				fprintf(to, "\\%03o", (unsigned char)text[i]);
		else if (strchr("<>&\"'", *text))
			fprintf(to, "&#%d;", *text);
		else
			fwrite(text, 1, n, to);
		text += n;
	}
}

void svg_escape(FILE *to, const char *text)
{
	svg_escape_mem(to, text, strlen(text));
}

void svg_begin(FILE *to, double width, double height, const char *title)
{
	fprintf(to,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" role=\"img\">\n<title>",
		width, height, width, height);
	svg_escape(to, title);
	fputs("</title>\n", to);
	fputs(style, to);
	svg_area(to, &(struct svg_rect){ 0, 0, width, height }, "ground", NULL);
}

void svg_end(FILE *to)
{
	fputs("</svg>\n", to);
}

void svg_area(FILE *to, const struct svg_rect *at, const char *class, const char *tip)
{
	fprintf(to, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"",
		class, at->x, at->y, at->w, at->h);
	if (!tip) {
		fputs("/>\n", to);
		return;
	}
	fputs("><title>", to);
	svg_escape(to, tip);
	fputs("</title></rect>\n", to);
}

double svg_width(const char *text)
{
	size_t n = 0;
	bool printable;

	for (; *text; n++)
		text += print_character(text, &printable);
	return (double)n * CHARACTER_WIDTH;
}

/* Bytes of so many characters. */
static size_t svg_bytes(const char *text, size_t characters)
{
	const char *p = text;
	bool printable;

	while (*p && characters--)
		p += print_character(p, &printable);
	return (size_t)(p - text);
}

void svg_text(FILE *to, double x, double y, double width, const char *class, const char *text)
{
	size_t room = width > 0 ? (size_t)(width / CHARACTER_WIDTH) : 0;
	bool fits = svg_width(text) <= width;
	size_t len = fits ? strlen(text) : room > 3 ? svg_bytes(text, room - 1) : 0;

	if (!len)
		return;
	fprintf(to, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
	svg_escape_mem(to, text, len);
	fputs(fits ? "</text>\n" : "\u2026</text>\n", to);
}

void svg_rule(FILE *to, double x, double top, double bottom)
{
	fprintf(to, "<line class=\"rule\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", x,
		x, top, bottom);
}
