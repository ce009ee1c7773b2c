/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can this directory hold an overlay's upper? Asked of the file system itself, never of its name.
 */
#ifndef APPLETS_OVERLAYROOT_STORE_PROBE_H
#define APPLETS_OVERLAYROOT_STORE_PROBE_H

#include "common/error.h"

/*
 * Tries in a scratch directory inside dir, which is removed again: trusted.* attributes, d_type,
 * whiteouts, RENAME_WHITEOUT, and at last an overlay mount at run/probe in which a file is removed.
 * Returns 1 it can; 0 it cannot, and *ret_reason says why (static text); -errno when dir cannot be
 * written at all (-EROFS, -ENOSPC, -EACCES..), with *err set.
 */
int probe_upper(const char *dir, const char *run, const char **ret_reason,
		struct error **err) _must_check_;

#endif
