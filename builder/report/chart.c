// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "builder/report/svg.h"
#include "builder/report/timeline.h"

#define WIDTH	 1120.0
#define LEFT	 136.0 /* of the time axis */
#define RIGHT	 20.0
#define TOP	 64.0
#define ROW	 18.0
#define GAP	 12.0  /* between groups */
#define TEXT_MAX 330.0 /* px of a text beside its bar */
#define ROWS_MAX 400
#define DOT	 3.0 /* px that a moment is wide */

struct chart {
	const struct timeline *timeline;
	double scale;	       /* px a second */
	double ends[ROWS_MAX]; /* where the rows of the group are free again */
	size_t rows;	       /* of the group */
	double top;	       /* of the group */
};

static double chart_x(const struct chart *chart, double seconds)
{
	return LEFT + seconds * chart->scale;
}

/* The text stands in the bar if it fits or the bar is long, else at its right, or at its left near
 * the edge. */
struct placed {
	struct svg_rect bar;
	double text, width; /* of the text */
	double from, to;    /* px that both take */
};

static struct placed place_event(const struct chart *chart, const struct event *event)
{
	double start = chart_x(chart, event->start), end = chart_x(chart, event->end);
	double width = svg_width(event->text);
	struct placed p = { .bar = { start, 0, end - start > DOT ? end - start : DOT, ROW - 4 },
			    .width = width < TEXT_MAX ? width : TEXT_MAX };

	if (p.width + 8 <= p.bar.w) {
		p.width = width < p.bar.w - 8 ? width : p.bar.w - 8;
		p.text = start + 4;
		p.from = start;
		p.to = start + p.bar.w;
	} else if (start + p.bar.w + 4 + p.width <= WIDTH - RIGHT) {
		p.text = start + p.bar.w + 4;
		p.from = start;
		p.to = p.text + p.width;
	} else {
		p.text = start - 4 - p.width;
		p.from = p.text;
		p.to = start + p.bar.w;
	}
	return p;
}

/* The first row with room for it; the last one when all are full. */
static size_t choose_row(struct chart *chart, const struct placed *p)
{
	size_t row = 0;

	while (row < chart->rows && chart->ends[row] > p->from)
		row++;
	if (row == chart->rows && row < ROWS_MAX)
		chart->rows++;
	row = row < ROWS_MAX ? row : ROWS_MAX - 1;
	chart->ends[row] = p->to + 8;
	return row;
}

static void draw_event(struct chart *chart, const struct event *event, FILE *to)
{
	struct placed p = place_event(chart, event);
	size_t row = choose_row(chart, &p);
	char class[16], tip[640];

	if (!to)
		return;
	p.bar.y = chart->top + (double)row * ROW;
	snprintf(class, sizeof(class), "area c%u", (unsigned)event->group);
	if (event->end > event->start)
		snprintf(tip, sizeof(tip), "%.500s: %.3f s, from %.3f s to %.3f s", event->text,
			 event->end - event->start, event->start, event->end);
	else
		snprintf(tip, sizeof(tip), "%.500s: at %.3f s", event->text, event->start);
	svg_area(to, &p.bar, class, tip);
	svg_text(to, p.text, p.bar.y + SVG_TEXT_HEIGHT - 1, p.width + 1, "", event->text);
}

static int compare_events(const void *a, const void *b)
{
	const struct event *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

/* With to == NULL only rows are counted. */
static void draw_group(struct chart *chart, const struct vec *sorted, enum event_group group,
		       FILE *to)
{
	static const char *const names[] = { "phases", "working, waiting", "kernel modules",
					     "mounts", "systemd" };
	const struct event *event;

	chart->rows = 0;
	memset(chart->ends, 0, sizeof(chart->ends));
	vec_foreach(i, event, sorted)
		if (event->group == group)
			draw_event(chart, event, to);
	if (!chart->rows)
		return;
	if (to)
		svg_text(to, 12, chart->top + SVG_TEXT_HEIGHT - 1, LEFT - 16, "note", names[group]);
	chart->top += (double)chart->rows * ROW + GAP;
}

static void draw_groups(struct chart *chart, const struct vec *sorted, FILE *to)
{
	chart->top = TOP;
	for (unsigned group = 0; group < EVENT_GROUPS; group++)
		draw_group(chart, sorted, (enum event_group)group, to);
}

/* The largest of 1, 2 and 5 times a power of ten that gives at least five intervals. */
static double grid_step(double seconds)
{
	double step = 1e-3;

	while (step * 50 < seconds)
		step *= 10;
	if (step * 25 < seconds)
		return step * 5;
	return step * 10 < seconds ? step * 2 : step;
}

static void draw_grid(const struct chart *chart, double bottom, FILE *to)
{
	double step = grid_step(chart->timeline->end);

	for (unsigned i = 0; (double)i * step <= chart->timeline->end; i++) {
		double x = chart_x(chart, (double)i * step);
		char label[32];

		snprintf(label, sizeof(label), "%g s", (double)i * step);
		svg_rule(to, x, TOP - 8, bottom);
		svg_text(to, x, TOP - 12, 80, "note", label);
	}
}

static void chart_title(const struct timeline *timeline, char title[static 160])
{
	const struct event *event;
	double start = -1, end = 0;

	vec_foreach(i, event, &timeline->events) {
		if (event->group != EVENT_PHASE)
			continue;
		start = start < 0 ? event->start : start;
		end = MAX(end, event->end);
	}
	if (start < 0)
		snprintf(title, 160, "Boot: %.2f s", timeline->end);
	else
		snprintf(title, 160, "Boot: %.2f s; kernel %.2f s, then the initramfs %.2f s",
			 timeline->end, start, end - start);
}

int chart_print(const struct timeline *timeline, FILE *to, struct error **err)
{
	struct chart chart = { .timeline = timeline };
	struct vec sorted = { 0 };
	struct event *event;
	char title[160];
	int r = 0;

	vec_foreach(i, event, &timeline->events)
		if (r == 0)
			r = vec_push(&sorted, event);
	if (r == 0) {
		vec_sort(&sorted, compare_events);
		chart.scale = (WIDTH - LEFT - RIGHT) / timeline->end;
		draw_groups(&chart, &sorted, NULL);
		chart_title(timeline, title);
		svg_begin(to, WIDTH, chart.top + 8, title);
		svg_text(to, 12, 28, WIDTH - 24, "head", title);
		draw_grid(&chart, chart.top, to);
		draw_groups(&chart, &sorted, to);
		svg_end(to);
	}
	vec_clear(&sorted, NULL);
	return r < 0 ? error_no_memory(err) : 0;
}
