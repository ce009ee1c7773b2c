/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bootplan prints. */
#ifndef APPLETS_BOOTPLAN_PRINT_H
#define APPLETS_BOOTPLAN_PRINT_H

#include <stdio.h>

#include "applets/bootplan/plan.h"

/* VARIABLE='value', which a shell reads as it is, whatever the value has in it */
void print_assignment(FILE *out, const char *variable, const char *value);

/* The plan as assignments; in NOTES the notes, a line each, in PLAN all of it for people. */
void print_plan(struct plan *plan, FILE *out);

/* FROM and its like: for messages about a failure, the parameters that led there, a line each, with
 * their places. */
void print_origins(struct plan *plan, FILE *out);

/* The plan for people: what is not there is not said. */
void print_for_people(struct plan *plan, FILE *out);

#endif
