/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image on a web server as a source. vdattach-http has it; vdattach, without a network, refuses.
 */
#ifndef APPLETS_VDATTACH_SOURCE_URL_H
#define APPLETS_VDATTACH_SOURCE_URL_H

#include <stdbool.h>

#include "applets/vdattach/source/source.h"

#define URL_IDENTITY_MAX 256u

struct url_request {
	const char *urls;      /* of one file, the mirrors behind a '|' */
	const char *authority; /* file with CA certificates, or NULL: what libcurl has */
	const char *proxy;     /* its address, or NULL: what the environment says */
	const char *resolve;   /* "HOST:PORT:ADDRESS[,ADDRESS] ..", or NULL: ask the resolver */
	const char *cache;     /* file, or NULL: memory of this process */
	const char *trace;     /* file to which what is read is appended, or NULL */
	const char *first;     /* file in that format: what is fetched first, or NULL */
	/* what source_url_identity() said of the file before, or NULL: any will do */
	const char *identity;
	uint64_t cache_size;   /* bytes at most; 0: an eighth of the machine's memory */
	unsigned int patience; /* seconds until a read fails for want of a server; 0 = never */
	bool everything;       /* fetch all in the background */
	bool serves; /* a device is behind it: with threads, and messages of what is waited for */
};

/* Whether the operand names an image on a web server. */
bool source_is_url(const char *operand) _nonnull_(1);

/*
 * Opens it; the server must answer requests for ranges. 0; -EOPNOTSUPP: it does not, or this
 * program has no HTTP; -ESTALE: the file is not that of identity; -errno.
 */
int source_url_open(const struct url_request *request, struct source **ret,
		    struct error **err) _must_check_ _nonnull_(1, 2);

/* What tells this content from others that were or will be there: ETag or date. */
const char *source_url_identity(const struct source *source) _nonnull_(1);

/*
 * The addresses of the servers, or of the proxy instead, as url_request.resolve has them, for
 * a process that will have no resolver. *ret is the caller's. 0 or -errno.
 */
int source_url_resolve(const struct url_request *request, char **ret,
		       struct error **err) _must_check_ _nonnull_(1, 2);

#endif
