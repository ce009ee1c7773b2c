/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILDER_PLAN_MODULE_FIRMWARE_H
#define BUILDER_PLAN_MODULE_FIRMWARE_H

#include "builder/plan/internal.h"
#include "builder/resolve/module/dependencies.h"

/* Adds the firmware that the profile and, unless it says otherwise, the chosen modules name. */
int plan_firmware(struct planner *planner, const struct module_table *table,
		  struct error **err) _must_check_;

#endif
