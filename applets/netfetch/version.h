/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which version of a file a server has: RFC 9110, validators (8.8) and ranges (14). */
#ifndef APPLETS_NETFETCH_VERSION_H
#define APPLETS_NETFETCH_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#define VERSION_TEXT 256

struct version {
	char etag[VERSION_TEXT];     /* "" unknown */
	char modified[VERSION_TEXT]; /* Last-Modified as it was sent, "" unknown */
	int64_t size;		     /* bytes of the whole file, -1 unknown */
};

/* What a request with If-Range can name: a strong entity tag, else the date; NULL without either.
 */
const char *version_validator(const struct version *version);

/*
 * True unless size, entity tag or date says that they are not the same. With the same strong tag
 * the size may differ: it is that of a Content-Length, which was wrong if the answer ended early.
 */
bool version_same(const struct version *a, const struct version *b);

/*
 * Content-Range of a part: "bytes FIRST-LAST/SIZE"; *ret_size is -1 for "*". False when it is
 * anything else or contradicts itself.
 */
bool version_parse_range(const char *text, uint64_t *ret_first, int64_t *ret_size);

#endif
