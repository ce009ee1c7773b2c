/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the check-*.c files share. */
#ifndef BUILDER_CHECK_INTERNAL_H
#define BUILDER_CHECK_INTERNAL_H

#include "builder/check/check.h"
#include "builder/image/tree.h"
#include "builder/util/sentinel.h"

struct check {
	struct check_report *report;
	const struct host *host; /* or NULL */
	struct image_tree tree;
	struct vec segments;	  /* of struct image_segment, owned */
	struct cpio_stats stats;  /* of all members but the sentinel */
	struct cpio_stats sealed; /* of those before the sentinel */
	char *sentinel;		  /* its text */
	uint16_t machine;	  /* that its modules are for; 0: not known */
	bool broken_walk; /* a rule of the unpacker is broken: what follows from it is not told
			     again */
};

/* Adds a broken rule, or a note. Running out of memory shows as a finding without text. */
void check_add(struct check *check, const char *rule, uint64_t offset, const char *fmt, ...)
	_printf_(4, 5);
void check_note(struct check *check, const char *fmt, ...) _printf_(2, 3);

/* Was the image made by mkvinitrd? */
bool check_is_ours(const struct check *check);

void check_kernel(
	struct check *check); /* check/kernel.c: compressors, filters, module compression */
void check_start(struct check *check); /* check/start.c: init, interpreters, libraries */

/* check/machine.c: sets machine by the first module of the walk; judges programs by it. */
void check_see_module(struct check *check, const struct image_entry *entry);
void check_machine(struct check *check);

#endif
