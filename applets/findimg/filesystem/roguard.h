/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps a disk read-only while an untrusted file system is examined. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_ROGUARD_H
#define APPLETS_FINDIMG_FILESYSTEM_ROGUARD_H

#include <stdbool.h>

#include "common/error.h"

struct roguard {
	char *device;	   /* what was set read-only */
	char *loop;	   /* read-only loop device over it, or NULL */
	bool was_writable; /* the state to restore */
};

/*
 * Sets device read-only (BLKROSET) after noting its state, and, when hard, puts a read-only loop
 * device over it, through which nothing can write. 0; -errno: the guard could not be raised, so
 * nothing must be mounted.
 */
int roguard_raise(struct roguard *guard, const char *device, bool hard,
		  struct error **err) _must_check_;

/* The device to mount: the loop device when there is one. */
const char *roguard_source(const struct roguard *guard);

/* Detaches the loop device and restores the device's state. Safe on a zeroed or lowered guard. */
void roguard_lower(struct roguard *guard);

#define _cleanup_guard_ _cleanup_(roguard_lower)

#endif
