// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/slots.h"

#include <errno.h>
#include <inttypes.h>

int slots_init(struct slots *slots, uint64_t n, const char *name, struct error **err)
{
	*slots = (struct slots){ .n = 0 };
	if (n > SLOTS_MAX)
		return error_make(err, EFBIG, "%s: %" PRIu64 " blocks are more than can be checked",
				  name, n);
	slots->bits = calloc(n / 8 + 1, 1);
	if (!slots->bits)
		return error_sys(err, ENOMEM, "%s", name);
	slots->n = n;
	return 0;
}

bool slots_take(struct slots *slots, uint64_t slot)
{
	uint8_t bit = (uint8_t)(1u << slot % 8);

	if (slots->bits[slot / 8] & bit)
		return false;
	slots->bits[slot / 8] |= bit;
	return true;
}

uint64_t slots_next_free(const struct slots *slots, uint64_t slot)
{
	while (slot < slots->n && slots->bits[slot / 8] & 1u << slot % 8)
		slot++;
	return MIN(slot, slots->n);
}

void slots_release(struct slots *slots)
{
	if (!slots)
		return;
	free(slots->bits);
	*slots = (struct slots){ .n = 0 };
}
