/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What became of a request, in words: who answered what, and what to do. */
#ifndef APPLETS_NETFETCH_REASON_H
#define APPLETS_NETFETCH_REASON_H

#include "applets/netfetch/attempt.h"

/* True for statuses of HTTP that stay the same however often one asks (RFC 9110, 15). */
bool reason_is_final(long status);

/* Fills ret for a request that ended with code; detail is libcurl's own text. */
void reason_find(const struct attempt *attempt, CURLcode code, const char *detail,
		 const struct tls_check *check, struct outcome *ret);

#endif
