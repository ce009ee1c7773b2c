/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as they are shown: a password in one is for the server alone. */
#ifndef COMMON_URL_H
#define COMMON_URL_H

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

#endif
