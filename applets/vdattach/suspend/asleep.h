/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends the machine to sleep. */
#ifndef APPLETS_VDATTACH_SUSPEND_ASLEEP_H
#define APPLETS_VDATTACH_SUSPEND_ASLEEP_H

#include "applets/vdattach/suspend/freezer.h"
#include "common/error.h"
#include "common/macro.h"

/* What is written to sleep, and where the kernel says what it knows. */
#define ASLEEP_FILE "/sys/power/state"

/*
 * For processes that suspend: nothing of them is on the disks whose users are stopped, and neither
 * a signal of a terminal nor the OOM killer ends them while all others are. Children inherit some.
 */
void asleep_harden(void);

/* Is this one of the words of ASLEEP_FILE? 0, or -EINVAL with those that there are. */
int asleep_check(const char *word, struct error **err) _must_check_ _nonnull_(1);

/*
 * Stops all others, waits until the disks are idle, writes word to ASLEEP_FILE, and returns when
 * the machine is awake again and all continue. What the kernel refuses with -EBUSY is tried three
 * times. 0 or -errno: it has not slept. -ETIMEDOUT: what is to be written is not taken for 20 s.
 */
int asleep_enter(struct freezer *freezer, const char *word, struct error **err) _must_check_
	_nonnull_(1, 2);

#endif
