/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What takes up space in an image: its members by kind and by the profile line that is responsible
 * for them. */
#ifndef BUILDER_REPORT_SIZE_H
#define BUILDER_REPORT_SIZE_H

#include <stdbool.h>
#include <stdio.h>

#include "builder/report/record.h"

enum size_kind {
	SIZE_MODULE,
	SIZE_FIRMWARE,
	SIZE_MICROCODE,
	SIZE_PROGRAM,
	SIZE_LIBRARY,
	SIZE_FILE,
	SIZE_LINK,
};
#define SIZE_KINDS (SIZE_LINK + 1)

/* One member. A compressed segment takes what it takes as a whole: `stored` is the member's share
 * of it by size. */
struct size_member {
	const char *path;
	enum size_kind kind;
	uint64_t unpacked; /* bytes, with header, name and padding; hard links count once */
	uint64_t stored;   /* bytes in the image file */
};

/* The members of one kind that one profile line is responsible for. */
struct size_row {
	enum size_kind kind;
	char *reason; /* "module =block", "skeleton" */
	char *where;  /* "common.profile:14", or "" when no line is behind it */
	uint64_t unpacked, stored;
	struct vec members; /* of struct size_member, owned; largest first */
};

struct size_report {
	const char *path;
	struct record record;
	struct vec rows; /* of struct size_row, by kind, then largest first */
	void *index;	 /* of rows, for tsearch(3) */
	uint64_t unpacked, stored, members;
};

/* The plural of it, for people: "modules". */
const char *size_kind_name(enum size_kind kind);

/* Reads the image at path, which must outlive the report. Release in any case. */
int size_measure(struct size_report *report, const char *path, struct error **err) _must_check_;
void size_release(struct size_report *report);

/* A table for one image; beside each other, with the change, for two or more. */
int size_print_table(const struct size_report *reports, size_t n, bool verbose, FILE *to,
		     struct error **err) _must_check_;
/* One JSON object on a line. */
void size_print_json(const struct size_report *report, FILE *to);
/* A treemap: the area of a rectangle is what the member takes in the image file. */
int size_print_svg(const struct size_report *report, FILE *to, struct error **err) _must_check_;

#endif
