/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which equal pieces of a file are in use: finds blocks that two entries claim, and holes. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_SLOTS_H
#define APPLETS_VDATTACH_FORMAT_COMMON_SLOTS_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

struct slots {
	uint8_t *bits; /* owned */
	uint64_t n;
};

#define SLOTS_MAX (1ULL << 29) /* 64 MiB of bits, of which only the used pages take memory */

/* n slots, all free. -EFBIG for more than SLOTS_MAX, -ENOMEM. name: for the message. */
int slots_init(struct slots *slots, uint64_t n, const char *name, struct error **err) _must_check_
	_nonnull_(1, 3);

/* Takes a slot, which must be below n. False: it was taken already. */
bool slots_take(struct slots *slots, uint64_t slot) _nonnull_(1);

/* The first free slot from slot on, or n. */
uint64_t slots_next_free(const struct slots *slots, uint64_t slot) _nonnull_(1);

/* Frees the memory and empties slots. NULL-safe. */
void slots_release(struct slots *slots);

#define _cleanup_slots_ _cleanup_(slots_release)

#endif
