// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "builder/report/size.h"
#include "common/print.h"

/* Of one image. */
struct size_total {
	uint64_t stored, unpacked, members;
};

/*
 * One line of the table: a kind, or a reason of it. Lines of two images belong together if the
 * directive is the same: its number is another one after each edit.
 */
struct size_line {
	enum size_kind kind;
	const struct size_row *row; /* the first one of the reason; NULL: the kind's total */
	struct size_total *totals;  /* of each image */
};

struct size_table {
	size_t n; /* images */
	struct size_line kinds[SIZE_KINDS];
	struct vec lines; /* of struct size_line, owned; those of a kind in the order of printing */
	void *index;	  /* of lines, for tsearch(3) */
};

static int size_line_compare(const void *a, const void *b)
{
	const struct size_line *left = a, *right = b;
	int order = (int)left->kind - (int)right->kind;

	return order ? order : strcmp(left->row->reason, right->row->reason);
}

static void size_line_free(void *item)
{
	struct size_line *line = item;

	free(line->totals);
	free(line);
}

/* The line of row, a new one if there is none. NULL without memory. */
static struct size_line *size_table_line(struct size_table *table, const struct size_row *row)
{
	struct size_line *line = calloc(1, sizeof(*line)), **known = NULL;

	if (!line)
		return NULL;
	line->kind = row->kind;
	line->row = row;
	line->totals = calloc(table->n, sizeof(*line->totals));
	if (line->totals)
		known = tsearch(line, &table->index, size_line_compare);
	if (known && *known == line && vec_push(&table->lines, line) == 0)
		return line;
	if (known && *known == line) {
		tdelete(line, &table->index, size_line_compare);
		known = NULL;
	}
	size_line_free(line);
	return known ? *known : NULL;
}

static void size_line_add(struct size_line *line, size_t image, const struct size_row *row)
{
	struct size_total *total = &line->totals[image];

	total->stored += row->stored;
	total->unpacked += row->unpacked;
	total->members += row->members.len;
}

static int size_table_fill(struct size_table *table, const struct size_report *reports)
{
	const struct size_row *row;

	for (unsigned kind = 0; kind < SIZE_KINDS; kind++) {
		table->kinds[kind].kind = (enum size_kind)kind;
		table->kinds[kind].totals = calloc(table->n, sizeof(struct size_total));
		if (!table->kinds[kind].totals)
			return -ENOMEM;
	}
	for (size_t i = 0; i < table->n; i++)
		vec_foreach(k, row, &reports[i].rows) {
			struct size_line *line = size_table_line(table, row);

			if (!line)
				return -ENOMEM;
			size_line_add(line, i, row);
			size_line_add(&table->kinds[row->kind], i, row);
		}
	return 0;
}

/* The index owns nothing. */
static void size_table_keep(void *item)
{
	(void)item;
}

static void size_table_release(struct size_table *table)
{
	tdestroy(table->index, size_table_keep);
	vec_clear(&table->lines, size_line_free);
	for (unsigned kind = 0; kind < SIZE_KINDS; kind++)
		free(table->kinds[kind].totals);
}

static void print_line_name(enum size_kind kind, const struct size_row *row, FILE *to)
{
	if (!row) {
		fputs(size_kind_name(kind), to);
		return;
	}
	fputs("  ", to);
	print_text(to, row->reason);
	if (*row->where) {
		fputs("  (", to);
		print_text(to, row->where);
		putc(')', to);
	}
}

static void print_size_line(const struct size_table *table, const struct size_line *line, FILE *to)
{
	const struct size_total *first = line->totals, *last = first + table->n - 1;
	bool any = false;

	for (size_t i = 0; i < table->n; i++)
		any |= line->totals[i].members != 0;
	if (!any)
		return;
	for (size_t i = 0; i < table->n; i++)
		fprintf(to, "%11" PRIu64 " ", line->totals[i].stored);
	if (table->n == 1)
		fprintf(to, "%11" PRIu64 " %8" PRIu64 "  ", first->unpacked, first->members);
	else
		fprintf(to, "%+11" PRId64 "  ", (int64_t)last->stored - (int64_t)first->stored);
	print_line_name(line->kind, line->row, to);
	putc('\n', to);
}

static void print_kind(const struct size_table *table, enum size_kind kind, FILE *to)
{
	const struct size_line *line;

	print_size_line(table, &table->kinds[kind], to);
	vec_foreach(i, line, &table->lines)
		if (line->kind == kind)
			print_size_line(table, line, to);
}

static void print_size_members(const struct size_report *report, FILE *to)
{
	const struct size_member *member;
	const struct size_row *row;

	vec_foreach(i, row, &report->rows) {
		putc('\n', to);
		print_line_name(row->kind, row, to);
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
	struct size_table table = { .n = n };
	int r = size_table_fill(&table, reports);

	if (r == 0) {
		print_size_heading(reports, n, to);
		for (unsigned kind = 0; kind < SIZE_KINDS; kind++)
			print_kind(&table, (enum size_kind)kind, to);
		for (size_t i = 0; verbose && i < n; i++)
			print_size_members(&reports[i], to);
	}
	size_table_release(&table);
	return r < 0 ? error_no_memory(err) : 0;
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
