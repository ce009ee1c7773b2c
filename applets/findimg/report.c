// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/report.h"

#include <stdio.h>
#include <string.h>

#include "common/msg.h"
#include "common/print.h"

enum { COLUMN_NAME, COLUMN_SIZE, COLUMN_BUS, COLUMN_TYPE, COLUMN_LABEL, COLUMN_UUID, COLUMNS };

struct row {
	const char *cell[COLUMNS];
	const char *why;
};

void format_size(uint64_t bytes, char *text, size_t size)
{
	static const char units[] = "BKMGTPE";
	uint64_t tenths = bytes * 10;
	size_t unit = 0;

	if (bytes > UINT64_MAX / 10) {
		snprintf(text, size, "huge");
		return;
	}
	while (tenths >= 10240 && unit + 2 < sizeof(units)) {
		tenths = (tenths + 512) / 1024;
		unit++;
	}
	if (tenths % 10)
		snprintf(text, size, "%llu.%llu%c", (unsigned long long)(tenths / 10),
			 (unsigned long long)(tenths % 10), units[unit]);
	else
		snprintf(text, size, "%llu%c", (unsigned long long)(tenths / 10), units[unit]);
}

/* Loop and nbd devices with nothing attached are no devices to a user. */
static bool is_noise(const struct candidate *c)
{
	return c->dev.size == 0 && strcmp(c->dev.bus, "virtual") == 0;
}

static const char *dash(const char *text)
{
	return *text ? text : "-";
}

static void say_goal(const struct request *rq, char *text, size_t size)
{
	if (rq->path_count)
		snprintf(text, size, "'%s'%s on host '%s'", rq->paths[0],
			 rq->path_count > 1 ? " (or its alternatives)" : "", rq->host.text);
	else
		snprintf(text, size, "host '%s'", rq->host.text);
}

void report_progress(const struct search *s, unsigned int seconds_left)
{
	char seen[600] = "", goal[300];
	size_t used = 0;

	for (size_t i = 0; i < s->count && used + 80 < sizeof(seen); i++) {
		const struct candidate *c = &s->list[i];

		if (is_noise(c))
			continue;
		used += (size_t)snprintf(seen + used, sizeof(seen) - used, "%s%s %.16s '%.32s'",
					 used ? ", " : "", c->dev.name, dash(c->fs.type),
					 c->fs.label);
		used = MIN(used, sizeof(seen) - 1);
	}
	say_goal(s->request, goal, sizeof(goal));
	msg(MSG_INFO, "waiting %u more seconds for %s; seen: %s", seconds_left, goal,
	    used ? seen : "no disk");
}

static void fill_row(const struct candidate *c, char *size_text, size_t size, struct row *row)
{
	format_size(c->dev.size, size_text, size);
	*row = (struct row){ .cell = { *c->dev.dm_name ? c->dev.dm_name : c->dev.name, size_text,
				       c->dev.bus, dash(c->fs.type), dash(c->fs.label),
				       dash(c->fs.uuid) },
			     .why = c->why };
}

static void print_row(const struct row *row, const int *width)
{
	msg(MSG_ERROR, "  %-*s %*s %-*s %-*s %-*s %-*s %s", width[COLUMN_NAME],
	    row->cell[COLUMN_NAME], width[COLUMN_SIZE], row->cell[COLUMN_SIZE], width[COLUMN_BUS],
	    row->cell[COLUMN_BUS], width[COLUMN_TYPE], row->cell[COLUMN_TYPE], width[COLUMN_LABEL],
	    row->cell[COLUMN_LABEL], width[COLUMN_UUID], row->cell[COLUMN_UUID], row->why);
}

static size_t findimg_report_measure(const struct search *s, const struct row *head, int *width)
{
	size_t rows = 0;
	struct row row;
	char text[32];

	for (int i = 0; i < COLUMNS; i++)
		width[i] = (int)strlen(head->cell[i]);
	for (size_t n = 0; n < s->count; n++) {
		if (is_noise(&s->list[n]))
			continue;
		rows++;
		fill_row(&s->list[n], text, sizeof(text), &row);
		for (int i = 0; i < COLUMNS; i++)
			width[i] = MAX(width[i], (int)strlen(row.cell[i]));
	}
	return rows;
}

void report_not_found(const struct search *s)
{
	const struct row head = { { "NAME", "SIZE", "BUS", "TYPE", "LABEL", "UUID" }, "WHY NOT" };
	int width[COLUMNS];
	char goal[300], text[32];
	struct row row;

	say_goal(s->request, goal, sizeof(goal));
	msg(MSG_ERROR, "%s was not found within %u s. Disks seen:", goal, s->request->timeout);
	if (findimg_report_measure(s, &head, width) == 0) {
		msg(MSG_ERROR, "  none: the driver of the disk controller is missing, or nothing "
			       "is plugged in");
		return;
	}
	print_row(&head, width);
	for (size_t i = 0; i < s->count; i++) {
		if (is_noise(&s->list[i]))
			continue;
		fill_row(&s->list[i], text, sizeof(text), &row);
		print_row(&row, width);
	}
}

/* What a disk says of itself; read by scripts, which show it. */
static void print_printable(const char *text)
{
	while (*text) {
		bool printable;
		size_t n = print_character(text, &printable);

		fwrite(printable ? text : "?", 1, printable ? n : 1, stdout);
		text += n;
	}
}

static void print_value(const char *key, const char *value)
{
	printf("%s=", key);
	print_printable(value);
	putchar('\n');
}

/* Scripts open it: any bytes that a name has, but those that would end the line. */
static void print_file(const char *mountpoint, const char *file)
{
	printf("FILE=%s", strcmp(mountpoint, "/") ? mountpoint : "");
	for (const char *p = file; *p; p++)
		putchar((unsigned char)*p < ' ' ? '?' : *p);
	putchar('\n');
}

void report_found(const struct candidate *winner, const struct request *rq)
{
	print_value("DEVICE", winner->dev.path);
	print_value("FSTYPE", winner->fs.type);
	print_value("UUID", winner->fs.uuid);
	print_value("LABEL", winner->fs.label);
	for (size_t i = 0; i < winner->devices.count; i++)
		print_value("MEMBER", winner->devices.others[i].path);
	if (winner->devices.incomplete)
		print_value("INCOMPLETE", "1");
	if (winner->file)
		print_file(rq->mountpoint, winner->file);
}

size_t report_order(const struct search *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct candidate *c = &s->list[i];
		char text[32];

		if (!c->matches)
			continue;
		count++;
		format_size(c->dev.size, text, sizeof(text));
		printf("%s %s %s %s UUID=%s LABEL=", c->dev.path, text, c->dev.bus,
		       dash(c->fs.type), c->fs.uuid);
		print_printable(c->fs.label);
		putchar('\n');
	}
	return count;
}
