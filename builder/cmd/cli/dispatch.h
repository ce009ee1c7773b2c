/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that are programs of their own, found as git finds its own. */
#ifndef BUILDER_CMD_CLI_DISPATCH_H
#define BUILDER_CMD_CLI_DISPATCH_H

#include <stdbool.h>

#include "builder/host/host.h"

/* Whether libexec_dir has an executable for the command `name`. */
bool dispatch_has(const struct host *host, const char *name);

/*
 * Replaces the process by libexec_dir/argv[0] with the arguments argv[1]... and MKVINITRD set to
 * this program. Returns only on failure: -errno and *err.
 */
int dispatch_exec(const struct host *host, char **argv, struct error **err) _must_check_;

#endif
