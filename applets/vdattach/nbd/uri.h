/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The address of an export: nbd://SERVER[:PORT][/EXPORT], nbd+unix:///[EXPORT]?socket=PATH.
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/uri.md
 */
#ifndef APPLETS_VDATTACH_NBD_URI_H
#define APPLETS_VDATTACH_NBD_URI_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

#define NBD_EXPORT_MAX 1023u /* bytes of a name; the protocol asks for no more than 4096 */
#define NBD_URI_MAX    4096u /* with all of its bytes escaped */

struct nbd_uri {
	char host[256]; /* name or number; empty: socket */
	char port[6];
	char socket[108]; /* path */
	char export[NBD_EXPORT_MAX + 1];
};

/* Whether text means to be one of them, right or wrong. */
bool nbd_uri_is(const char *text) _nonnull_(1);

/* 0, or -EINVAL with what was expected. */
int nbd_uri_parse(const char *text, struct nbd_uri *ret, struct error **err) _must_check_
	_nonnull_(1, 2);

/* As text again. */
void nbd_uri_print(const struct nbd_uri *uri, char *ret, size_t size) _nonnull_(1, 2);

#endif
