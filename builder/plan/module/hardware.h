/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directive `hardware`. */
#ifndef BUILDER_PLAN_MODULE_HARDWARE_H
#define BUILDER_PLAN_MODULE_HARDWARE_H

#include "builder/plan/internal.h"
#include "builder/resolve/module/hardware.h"
#include "builder/resolve/module/modules.h"

/*
 * Limits the groups of set to the machines that the profile's `hardware` lists; without any
 * `module =GROUP` the usual groups are chosen. To be called before the modules of the profile are.
 * hardware is filled and must outlive set.
 */
int plan_hardware(struct planner *planner, struct module_set *set, struct hardware *hardware,
		  struct error **err) _must_check_;

#endif
