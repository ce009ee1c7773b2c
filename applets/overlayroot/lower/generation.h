/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generations of a store. What one boot changes is a layer of its own, base/upper; when that boot
 * came up well (base/boot-ok), the next one makes it the generation base/generation/NNNN and starts
 * a new layer over it. Two boots in a row that did not: the newest generation is set aside
 * (base/generation/aside).
 */
#ifndef APPLETS_OVERLAYROOT_LOWER_GENERATION_H
#define APPLETS_OVERLAYROOT_LOWER_GENERATION_H

#include <stdbool.h>

#include "common/error.h"

#define MAX_GENERATIONS 24

struct generation_list {
	unsigned int numbers[MAX_GENERATIONS]; /* newest first */
	unsigned int count;
};

struct generation_request {
	unsigned int keep; /* generations that can be gone back to; 0: none are made */
	bool commit;  /* all of them become one: the changes before this boot cannot be undone */
	bool discard; /* what the last boot changed is set aside */
	/* Which one to use: returns how many of the newest to set aside. NULL: the newest is used.
	 */
	unsigned int (*ask)(const char *directory, const struct generation_list *list);
};

/*
 * Brings the layers of the store at base into the state for this boot, before upper/ is made. *ret
 * are those that lie below upper/: base/generation/NNNN. Without a request they are only listed. 0
 * or -errno.
 */
int generation_prepare(const char *base, const struct generation_request *request,
		       struct generation_list *ret, struct error **err) _must_check_;

/* "0001" for 1; buf has 8 bytes. */
const char *generation_name(unsigned int number, char *buf);

#endif
