/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by host.c and host/paths.c. */
#ifndef BUILDER_HOST_INTERNAL_H
#define BUILDER_HOST_INTERNAL_H

#include "builder/host/host.h"

/* Replaces *dst by the formatted text. -ENOMEM. */
int set_text(char **dst, struct error **err, const char *fmt, ...) _must_check_ _printf_(3, 4);

#endif
