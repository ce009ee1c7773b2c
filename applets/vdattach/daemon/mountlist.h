/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mount points of this mount namespace. */
#ifndef APPLETS_VDATTACH_DAEMON_MOUNTLIST_H
#define APPLETS_VDATTACH_DAEMON_MOUNTLIST_H

#include "common/error.h"
#include "common/macro.h"

struct mount_list {
	char **paths; /* in the order of mounting; owned */
	size_t n;
};

/* Reads /proc/self/mountinfo. 0 or -errno; the caller releases list in any case. */
int mount_list_read(struct mount_list *list, struct error **err) _must_check_ _nonnull_(1);

void mount_list_release(struct mount_list *list);

#define _cleanup_mount_list_ _cleanup_(mount_list_release)

/*
 * The mount point in a line of mountinfo, in place: its escapes (\040 for a blank) are resolved.
 * NULL when the line has none.
 */
char *mount_list_field(char *line) _nonnull_(1);

#endif
