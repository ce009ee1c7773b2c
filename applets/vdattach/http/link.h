/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to web servers, kept alive, by libcurl: one request for a range at a time. */
#ifndef APPLETS_VDATTACH_HTTP_LINK_H
#define APPLETS_VDATTACH_HTTP_LINK_H

#include <curl/curl.h>
#include <stdbool.h>

#include "applets/tls/tls.h"
#include "applets/vdattach/source/url.h"

#define LINK_ETAG_MAX 200u
#define LINK_DATE_MAX 40u

/* What a server says of a file. */
struct file_identity {
	uint64_t size;
	char etag[LINK_ETAG_MAX]; /* a strong one, with its quotes; "": none */
	char date[LINK_DATE_MAX]; /* Last-Modified */
};

struct http_link {
	CURL *easy;
	struct curl_slist *resolve;
	struct tls_check certificate;
	char why[TLS_TEXT]; /* of the last failure, for people */
	/* the request */
	uint8_t *to;
	size_t want, have;
	bool conditional;
	/* the answer */
	long status;
	struct file_identity found;
	uint64_t start;	 /* UINT64_MAX: it did not say which part it is */
	char coding[16]; /* Content-Encoding, "": none */
};

/* 0 or -ENOMEM. Once in a process curl_global_init() has to have been called. */
int link_open(struct http_link *link, const struct url_request *request,
	      struct error **err) _must_check_ _nonnull_(1, 2);

/* NULL-safe as to what it has. */
void link_close(struct http_link *link) _nonnull_(1);

/*
 * Reads n bytes at offset of the file at url. expected: the file must be this one, by If-Range;
 * NULL: whatever is there, which link->found then tells. 0; -ESTALE: another file; -EOPNOTSUPP: the
 * server has no ranges; -ENOENT: the server says that there is no such file, or not for us;
 * -EKEYREJECTED: the server's certificate is not trusted; -EAGAIN: later, or from another server,
 * it may be answered. link->why says why.
 */
int link_read(struct http_link *link, const char *url, const struct file_identity *expected,
	      void *buf, size_t n, uint64_t offset) _must_check_ _nonnull_(1, 2, 4);

#endif
