/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request to one server: what comes is checked against what came before, and written behind it.
 */
#ifndef APPLETS_NETFETCH_TRANSFER_H
#define APPLETS_NETFETCH_TRANSFER_H

#include "applets/netfetch/state.h"

int transfer_init(struct transfer *transfer, const struct transfer_settings *settings,
		  struct sink *sink, struct progress *progress, struct error **err) _must_check_;
void transfer_release(struct transfer *transfer);

/* Continues the sink with what url has, from its beginning when the sink is empty. */
void transfer_run(struct transfer *transfer, const char *url, struct outcome *ret);

#endif
