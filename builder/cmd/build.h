/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `build` and `plan` share, in plan.c: options -> host facts, profile, plan. */
#ifndef BUILDER_CMD_BUILD_H
#define BUILDER_CMD_BUILD_H

#include "builder/cmd/command.h"

struct job {
	struct host host;
	struct profile profile;
	struct plan plan;
};

/* Makes a complete and valid plan and prints all problems and notes. Returns STATUS_OK or the exit
 * status; release in both cases. */
int job_prepare(struct job *job, const struct options *options);

void job_release(struct job *job);

#endif
