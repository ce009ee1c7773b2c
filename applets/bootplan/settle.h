/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of plan_settle(). */
#ifndef APPLETS_BOOTPLAN_SETTLE_H
#define APPLETS_BOOTPLAN_SETTLE_H

#include "applets/bootplan/plan.h"

/* Where media of other live systems have their images, and where those systems keep changes. */
void settle_live(struct plan *plan);

/* Roots on servers. The lease's root-path, where a parameter leaves the root to it, comes first. */
void plan_take_root_path(struct plan *plan, const char *path);
void settle_netroot(struct plan *plan);

/* Whether root=TEXT is a directory of an NFS server: SERVER:/path, or /path on that of the lease.
 */
bool is_nfs_root(const char *text);

/* What root=TEXT begins with when that is no name of a server: "block:"; "" else. */
const char *plan_scheme(const char *text);

/* The network: which links are waited for. */
void settle_links(struct plan *plan);

/* Logical volumes and LUKS volumes that the root needs. */
void settle_volumes(struct plan *plan);

#endif
