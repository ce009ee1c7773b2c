/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A store in a file becomes larger while it is mounted. */
#ifndef APPLETS_OVERLAYROOT_STORE_GROWTH_H
#define APPLETS_OVERLAYROOT_STORE_GROWTH_H

#include "applets/overlayroot/spec.h"

struct growth {
	int file, loop; /* the store's file and its loop device, open; -1: it does not grow */
	uint64_t limit; /* bytes */
};

/*
 * base: a directory on the store. A store does not grow that has a size by the user's word, several
 * files, or is none in a file: then *ret says so, which is no error. Release with growth_close.
 */
void growth_open(const struct upper_spec *upper, const char *base, uint64_t file_limit,
		 struct growth *ret);

/*
 * One step, small enough to be waited for at power-off. base: an open directory on the store. 1:
 * grown; 0: as large as it can be; -errno.
 */
int growth_step(const struct growth *growth, int base, struct error **err) _must_check_;

void growth_close(struct growth *growth);

#endif
