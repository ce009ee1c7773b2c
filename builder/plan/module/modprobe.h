/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system's settings for drivers, for plan/module/modules.c. */
#ifndef BUILDER_PLAN_MODULE_MODPROBE_H
#define BUILDER_PLAN_MODULE_MODPROBE_H

#include "builder/plan/internal.h"
#include "builder/resolve/module/modprobe.h"
#include "builder/resolve/module/modules.h"

/* Whether they count: by `modprobe`, and without it in a build for the running system. */
bool plan_modprobe_wanted(const struct planner *planner);

/* Keeps out what an `install` line forbids, with a note; before modules are chosen. */
int plan_modprobe_forbid(struct planner *planner, const struct modprobe_config *config,
			 struct module_set *set, struct error **err) _must_check_;

/* Adds the lines about the chosen modules as a file of the image. */
int plan_modprobe(struct planner *planner, const struct modprobe_config *config,
		  const struct module_table *table, struct error **err) _must_check_;

#endif
