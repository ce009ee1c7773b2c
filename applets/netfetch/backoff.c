// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/backoff.h"

#include "common/macro.h"

void backoff_reset(struct backoff *backoff)
{
	backoff->next = BACKOFF_FIRST;
}

unsigned int backoff_take(struct backoff *backoff, uint32_t random)
{
	const unsigned int half = backoff->next / 2;

	backoff->next = MIN(backoff->next * 2, BACKOFF_LAST);
	return half + random % (half + 1);
}
