/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codes of failed boots, mkvinitrd-errors(7). */
#ifndef BUILDER_REPORT_ERRORS_H
#define BUILDER_REPORT_ERRORS_H

#include <stddef.h>

#include "common/macro.h"

struct boot_error {
	const char *code; /* "VI202" */
	const char *title, *cause, *advice;
	const char *kernel; /* the kernel's message that means it, or NULL */
};

/* The i-th in order of the codes, NULL after the last. */
const struct boot_error *boot_error_at(size_t i);

/* By its code, in capitals or not; NULL: no such code. */
const struct boot_error *boot_error_find(const char *code, size_t len);

/* Whose kernel message the line has, or NULL. */
const struct boot_error *boot_error_in_kernel_message(const char *line);

#endif
