// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder/report/size.h"
#include "common/print.h"

/* One line of the table: a kind, or a reason of it. */
struct size_line {
	enum size_kind kind;
	const struct size_row *row; /* NULL: the kind's total */
};

static bool same_line(const struct size_row *row, const struct size_line *line)
{
	return row->kind == line->kind && (!line->row || !strcmp(row->reason, line->row->reason));
}

/* Lines of two images belong together if the directive is the same: its number is another one after
 * each edit. */
static struct size_row size_sum(const struct size_report *report, const struct size_line *line)
{
	struct size_row sum = { .kind = line->kind };
	const struct size_row *row;

	vec_foreach(i, row, &report->rows) {
		if (!same_line(row, line))
			continue;
		sum.stored += row->stored;
		sum.unpacked += row->unpacked;
		sum.members.len += row->members.len;
	}
	return sum;
}

static void print_line_name(const struct size_line *line, FILE *to)
{
	if (!line->row) {
		fputs(size_kind_name(line->kind), to);
		return;
	}
	fputs("  ", to);
	print_text(to, line->row->reason);
	if (*line->row->where) {
		fputs("  (", to);
		print_text(to, line->row->where);
		putc(')', to);
	}
}

static void print_one(const struct size_report *report, const struct size_line *line, FILE *to)
{
	struct size_row sum = size_sum(report, line);

	if (!sum.members.len)
		return;
	fprintf(to, "%11" PRIu64 " %11" PRIu64 " %8zu  ", sum.stored, sum.unpacked,
		sum.members.len);
	print_line_name(line, to);
	putc('\n', to);
}

static void print_beside(const struct size_report *reports, size_t n, const struct size_line *line,
			 FILE *to)
{
	uint64_t first = 0, last = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= size_sum(&reports[i], line).members.len != 0;
	if (!any)
		return;
	for (size_t i = 0; i < n; i++) {
		last = size_sum(&reports[i], line).stored;
		first = i ? first : last;
		fprintf(to, "%11" PRIu64 " ", last);
	}
	fprintf(to, "%+11" PRId64 "  ", (int64_t)last - (int64_t)first);
	print_line_name(line, to);
	putc('\n', to);
}

static void print_size_line(const struct size_report *reports, size_t n,
			    const struct size_line *line, FILE *to)
{
	if (n == 1)
		print_one(reports, line, to);
	else
		print_beside(reports, n, line, to);
}

/* Whether an image before this one, or a row before this one, has the line already. */
static bool was_printed(const struct size_report *reports, size_t image, size_t at)
{
	const struct size_row *row = reports[image].rows.items[at];
	const struct size_line line = { row->kind, row };

	for (size_t i = 0; i < image; i++)
		if (size_sum(&reports[i], &line).members.len)
			return true;
	for (size_t i = 0; i < at; i++)
		if (same_line(reports[image].rows.items[i], &line))
			return true;
	return false;
}

static void print_kind(const struct size_report *reports, size_t n, enum size_kind kind, FILE *to)
{
	const struct size_row *row;

	print_size_line(reports, n, &(struct size_line){ kind, NULL }, to);
	for (size_t i = 0; i < n; i++)
		vec_foreach(k, row, &reports[i].rows)
			if (row->kind == kind && !was_printed(reports, i, k))
				print_size_line(reports, n, &(struct size_line){ kind, row }, to);
}

static void print_size_members(const struct size_report *report, FILE *to)
{
	const struct size_member *member;
	const struct size_row *row;

	vec_foreach(i, row, &report->rows) {
		putc('\n', to);
		print_line_name(&(struct size_line){ row->kind, row }, to);
		putc('\n', to);
		vec_foreach(k, member, &row->members) {
			fprintf(to, "%11" PRIu64 " %11" PRIu64 "  ", member->stored,
				member->unpacked);
			print_text(to, member->path);
			putc('\n', to);
		}
	}
}

static void print_size_heading(const struct size_report *reports, size_t n, FILE *to)
{
	for (size_t i = 0; i < n; i++) {
		if (n > 1)
			fprintf(to, "%zu: ", i + 1);
		print_text(to, reports[i].path);
		fprintf(to, ": %" PRIu64 " bytes, %" PRIu64 " unpacked, %" PRIu64 " members\n",
			reports[i].record.length, reports[i].unpacked, reports[i].members);
	}
	putc('\n', to);
	for (size_t i = 0; n > 1 && i < n; i++)
		fprintf(to, "%11zu ", i + 1);
	fputs(n > 1 ? "     change  bytes in the image, by reason\n"
		    : "   in image    unpacked  members  by reason\n",
	      to);
}

int size_print_table(const struct size_report *reports, size_t n, bool verbose, FILE *to,
		     struct error **err)
{
	print_size_heading(reports, n, to);
	for (unsigned kind = 0; kind < SIZE_KINDS; kind++)
		print_kind(reports, n, (enum size_kind)kind, to);
	for (size_t i = 0; verbose && i < n; i++)
		print_size_members(&reports[i], to);
	return 0;
}

static void print_json_row(const struct size_row *row, FILE *to)
{
	const struct size_member *member;

	fprintf(to, "{\"kind\": \"%s\", \"reason\": ", size_kind_name(row->kind));
	print_json_text(to, row->reason);
	fputs(", \"profile\": ", to);
	if (*row->where)
		print_json_text(to, row->where);
	else
		fputs("null", to);
	fprintf(to, ", \"stored\": %" PRIu64 ", \"unpacked\": %" PRIu64 ", \"members\": [",
		row->stored, row->unpacked);
	vec_foreach(i, member, &row->members) {
		fputs(i ? ", {\"path\": " : "{\"path\": ", to);
		print_json_text(to, member->path);
		fprintf(to, ", \"stored\": %" PRIu64 ", \"unpacked\": %" PRIu64 "}", member->stored,
			member->unpacked);
	}
	fputs("]}", to);
}

void size_print_json(const struct size_report *report, FILE *to)
{
	const struct size_row *row;

	fputs("{\"image\": ", to);
	print_json_text(to, report->path);
	fprintf(to,
		", \"size\": %" PRIu64 ", \"unpacked\": %" PRIu64 ", \"members\": %" PRIu64
		", \"reasons\": [",
		report->record.length, report->unpacked, report->members);
	vec_foreach(i, row, &report->rows) {
		fputs(i ? ", " : "", to);
		print_json_row(row, to);
	}
	fputs("]}\n", to);
}
