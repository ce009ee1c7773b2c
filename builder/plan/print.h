/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The third format of plan_print, in plan/list.c. */
#ifndef BUILDER_PLAN_PRINT_H
#define BUILDER_PLAN_PRINT_H

#include "builder/plan/plan.h"

/* Source of the format: usr/gen_init_cpio.c of the kernel. */
int plan_print_list(const struct plan *plan, const char *spill, FILE *to,
		    struct error **err) _must_check_;

#endif
