/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of checksums, as sha256sum(1) writes them. */
#ifndef APPLETS_VERIFYIMG_SUMS_H
#define APPLETS_VERIFYIMG_SUMS_H

#include "common/error.h"
#include "common/macro.h"

#define SUMS_HEX 64u

/* The checksum of name in the list at path. 0; -ENOENT: it is not in it, or twice; -errno. */
int sums_find(const char *path, const char *name, char ret[SUMS_HEX + 1],
	      struct error **err) _must_check_ _nonnull_(1, 2, 3);

#endif
