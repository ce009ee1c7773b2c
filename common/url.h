/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as they are shown: a password in one is for the server alone. */
#ifndef COMMON_URL_H
#define COMMON_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_SHOWN 512

/* Writes url into buf, always terminated, with *** for a password and what cannot be printed
 * escaped. */
void url_shown(const char *url, char *buf, size_t size);

/* Overwrites the passwords in all addresses of text, which ps or a message would show. */
void url_blank(char *text);

/* The server of url, with its port, as it is shown. */
void url_server(const char *url, char *buf, size_t size);

/* Its host alone: a name or a number, that of IPv6 without brackets. */
void url_host(const char *url, char *buf, size_t size);

/*
 * True if an answer with this Content-Encoding is not the file of that name: a server or proxy
 * packed it on its way (RFC 9110, 8.4). Servers also say x-gzip of what is called NAME.gz, which is
 * as it is stored. Codings that HTTP does not know are taken for names of a server's own.
 */
bool url_is_encoded(const char *url, const char *coding);

#endif
