/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of plan_settle(). */
#ifndef APPLETS_BOOTPLAN_SETTLE_H
#define APPLETS_BOOTPLAN_SETTLE_H

#include "applets/bootplan/plan.h"

/* Where media of other live systems have their images, and where those systems keep changes. */
void settle_live(struct plan *plan);

/* The network: which links are waited for. */
void settle_links(struct plan *plan);

/* Logical volumes and LUKS volumes that the root needs. */
void settle_volumes(struct plan *plan);

#endif
