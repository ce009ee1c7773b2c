// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/treemap.h"

/*
 * How far the least square item of a row of this area is from a square, if the row is laid along
 * `side`: the first item is the largest, the last one the smallest.
 */
static double worst_ratio(double first, double last, double area, double side)
{
	double depth = area / side, longest = first / depth, shortest = last / depth;
	double wide = longest > depth ? longest / depth : depth / longest;
	double narrow = shortest > depth ? shortest / depth : depth / shortest;

	return wide > narrow ? wide : narrow;
}

/* As many items as make the row squarer. */
static size_t row_length(const struct treemap_item *items, size_t n, double scale, double side)
{
	double first = items->size * scale, area = first;
	double ratio = worst_ratio(first, first, area, side);
	size_t taken = 1;

	for (; taken < n; taken++) {
		double last = items[taken].size * scale;
		double next = worst_ratio(first, last, area + last, side);

		if (next > ratio)
			break;
		area += last;
		ratio = next;
	}
	return taken;
}

/* Lays a row along the shorter side, and takes its room off. */
static void place_row(struct treemap_item *items, size_t n, double scale, struct svg_rect *room)
{
	bool upright = room->w >= room->h; /* a column at the left */
	double side = upright ? room->h : room->w, sum = 0, at = 0, depth;

	for (size_t i = 0; i < n; i++)
		sum += items[i].size * scale;
	depth = sum / side;
	for (size_t i = 0; i < n; i++) {
		double length = items[i].size * scale / depth;

		if (upright)
			items[i].at = (struct svg_rect){ room->x, room->y + at, depth, length };
		else
			items[i].at = (struct svg_rect){ room->x + at, room->y, length, depth };
		at += length;
	}
	if (upright) {
		room->x += depth;
		room->w -= depth;
	} else {
		room->y += depth;
		room->h -= depth;
	}
}

void treemap_layout(struct treemap_item *items, size_t n, struct svg_rect within)
{
	double total = 0, scale;
	size_t done = 0;

	for (size_t i = 0; i < n; i++) {
		total += items[i].size;
		items[i].at = (struct svg_rect){ within.x, within.y, 0, 0 };
	}
	if (total <= 0 || within.w <= 0 || within.h <= 0)
		return;
	scale = within.w * within.h / total;
	/* rounding may leave less than nothing for the last and smallest */
	while (done < n && within.w > 1e-6 && within.h > 1e-6) {
		double side = within.w >= within.h ? within.h : within.w;
		size_t taken = row_length(items + done, n - done, scale, side);

		place_row(items + done, taken, scale, &within);
		done += taken;
	}
}
