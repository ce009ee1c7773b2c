/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stops every process but those that serve disks and file systems, and those that suspend. The
 * kernel's own freezer stops all in any order: whoever waits for a disk then whose server has been
 * stopped before can never be stopped, and the kernel gives up. A cgroup stops a process that waits
 * for a disk when it has been answered.
 */
#ifndef APPLETS_VDATTACH_SUSPEND_FREEZER_H
#define APPLETS_VDATTACH_SUSPEND_FREEZER_H

#include "common/error.h"
#include "common/macro.h"

struct freezer;

/*
 * In memory that children share. The calling process and the children that it has later are those
 * that suspend: freezer_thaw() by any of them ends what another has begun. Lives as long as the
 * process. 0 or -errno.
 */
int freezer_new(struct freezer **ret, struct error **err) _must_check_ _nonnull_(1);

/*
 * Stops all others, and also the process that the caller traces. Where it fails some are stopped:
 * freezer_thaw(). -EBUSY: a process waits for something for longer than 5 s, and is named.
 */
int freezer_freeze(struct freezer *freezer, struct error **err) _must_check_ _nonnull_(1);

/* Lets all continue that freezer_freeze() has stopped; more than once does nothing. */
void freezer_thaw(struct freezer *freezer) _nonnull_(1);

#endif
