/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interrupted download leaves for the next netfetch: FILE.part, and in FILE.part.version of
 * which file it is a part. */
#ifndef APPLETS_NETFETCH_KEPT_H
#define APPLETS_NETFETCH_KEPT_H

#include "applets/netfetch/sink.h"
#include "applets/netfetch/version.h"

/*
 * Continues what another netfetch has left of sink, which is new and has a path: its bytes count as
 * written, and *ret is what they are a part of. Without a file that can be told from another by
 * ETag or Last-Modified it begins again, with the sink empty. 0 or -errno, -EBUSY when another
 * netfetch writes it now.
 */
int kept_load(struct sink *sink, struct version *ret, struct error **err) _must_check_;

/* Reads such a note, which it cuts into lines. False: it is none that a download can be continued
 * by. */
bool kept_parse(char *text, struct version *ret);

/* Notes the version of what comes into the sink. Where that cannot be written nothing is kept. */
void kept_note(struct sink *sink, const struct version *version);

#endif
