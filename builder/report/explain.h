/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What went wrong in a boot, by its log. */
#ifndef BUILDER_REPORT_EXPLAIN_H
#define BUILDER_REPORT_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "builder/report/errors.h"
#include "common/error.h"

/* Finds the last failure in the log at path ("-": stdin) and prints it with its cause and what to
 * do. *ret_found: false when the log has none; how far the boot came is printed then. */
int explain_log(const char *path, FILE *to, bool *ret_found, struct error **err) _must_check_;

/* Prints an entry of mkvinitrd-errors(7). */
void explain_code(const struct boot_error *error, FILE *to);

#endif
