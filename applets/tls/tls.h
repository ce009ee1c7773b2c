/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why the certificate of a server is not accepted. mbed TLS says what is wrong to a function that
 * looks at each certificate of the chain; curl passes only part of that on.
 */
#ifndef APPLETS_TLS_TLS_H
#define APPLETS_TLS_TLS_H

#include <curl/curl.h>
#include <stdint.h>
#include <time.h>

#define TLS_TEXT 400

struct tls_check {
	CURL *curl;	       /* which server it is at the moment */
	char reason[TLS_TEXT]; /* "" while nothing was wrong */
	char advice[TLS_TEXT];
};

/* What a certificate says, for tls_explain. */
struct tls_facts {
	const char *host, *subject, *issuer, *names;
	const char *from, *to; /* validity, as 2026-01-31 */
};

/* flags: MBEDTLS_X509_BADCERT_*. now: this machine's clock. */
void tls_explain(struct tls_check *check, uint32_t flags, const struct tls_facts *facts,
		 time_t now);

/* Has certificates looked at by check from now on, where curl uses mbed TLS. */
CURLcode tls_watch(CURL *curl, struct tls_check *check);

#endif
