/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes belong to the lower that they were made on: notes beside them which one that was. */
#ifndef APPLETS_OVERLAYROOT_LOWER_ID_H
#define APPLETS_OVERLAYROOT_LOWER_ID_H

#include "applets/overlayroot/lower/lower.h"

/*
 * Compares the lowers with base/lower.id, one id a line, and writes the file when it is not there
 * yet. Returns 1 when they are the same (or new), 0 when they differ, -errno.
 */
int lower_id_check(const char *base, const struct lower *lowers, size_t count,
		   struct error **err) _must_check_;

#endif
