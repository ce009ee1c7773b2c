// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/nbd/uri.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

#define DEFAULT_PORT "10809"

static const char tcp_scheme[] = "nbd://", unix_scheme[] = "nbd+unix://", query[] = "?socket=";

bool nbd_uri_is(const char *text)
{
	return has_prefix(text, tcp_scheme) || has_prefix(text, unix_scheme) ||
	       has_prefix(text, "nbds://") || has_prefix(text, "nbds+unix://");
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* n bytes of text without their %XX. False: an escape that is none, or no room. */
static bool uri_decode(const char *text, size_t n, char *ret, size_t size)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++, k++) {
		int high, low;

		if (k + 1 >= size)
			return false;
		ret[k] = text[i];
		if (text[i] != '%')
			continue;
		high = n - i > 2 ? hex(text[i + 1]) : -1;
		low = n - i > 2 ? hex(text[i + 2]) : -1;
		if (high < 0 || low < 0 || (high | low) == 0)
			return false;
		ret[k] = (char)(high << 4 | low);
		i += 2;
	}
	ret[k] = '\0';
	return true;
}

static bool is_host(const char *host, size_t n, bool six)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)host[i];

		if (six ? !isxdigit(c) && c != ':' && c != '.' : !isalnum(c) && !strchr("-._", c))
			return false;
	}
	return n > 0 && (!six || memchr(host, ':', n));
}

/* SERVER[:PORT], the server in [] when it has colons of its own. */
static bool take_server(const char *text, size_t n, struct nbd_uri *ret)
{
	const char *end = text + n, *colon = memchr(text, ':', n), *host = text;
	size_t host_n = (size_t)((colon ? colon : end) - text), port_n;

	if (*text == '[') {
		const char *close = memchr(text, ']', n);

		if (!close)
			return false;
		host = text + 1;
		host_n = (size_t)(close - host);
		colon = close + 1 < end ? close + 1 : NULL;
		if (colon && *colon != ':')
			return false;
	}
	port_n = colon ? (size_t)(end - colon) - 1 : 0;
	if (host_n >= sizeof(ret->host) || !is_host(host, host_n, *text == '[') ||
	    (colon && (port_n == 0 || port_n >= sizeof(ret->port))))
		return false;
	memcpy(ret->host, host, host_n);
	snprintf(ret->port, sizeof(ret->port), "%s", DEFAULT_PORT);
	if (!colon)
		return true;
	memcpy(ret->port, colon + 1, port_n);
	ret->port[port_n] = '\0';
	return strspn(ret->port, "0123456789") == port_n && strtoul(ret->port, NULL, 10) <= 65535 &&
	       strtoul(ret->port, NULL, 10) > 0;
}

static bool take_tcp(const char *rest, struct nbd_uri *ret)
{
	size_t n = strcspn(rest, "/");
	const char *name = rest + n + (rest[n] == '/');

	return !strchr(name, '?') && take_server(rest, n, ret) &&
	       uri_decode(name, strlen(name), ret->export, sizeof(ret->export));
}

static bool take_unix(const char *rest, struct nbd_uri *ret)
{
	const char *socket = strchr(rest, '?');

	if (*rest != '/' || !socket || !has_prefix(socket, query))
		return false;
	rest++;
	if (!uri_decode(rest, (size_t)(socket - rest), ret->export, sizeof(ret->export)))
		return false;
	socket += strlen(query);
	return *socket == '/' &&
	       uri_decode(socket, strlen(socket), ret->socket, sizeof(ret->socket));
}

int nbd_uri_parse(const char *text, struct nbd_uri *ret, struct error **err)
{
	bool good;

	memset(ret, 0, sizeof(*ret));
	if (has_prefix(text, "nbds"))
		return error_make(err, EINVAL, "%s: TLS is not known here, use nbd://", text);
	good = has_prefix(text, tcp_scheme) ? take_tcp(text + strlen(tcp_scheme), ret)
					    : take_unix(text + strlen(unix_scheme), ret);
	if (good)
		return 0;
	return error_make(err, EINVAL, "%s: expected nbd://SERVER[:PORT][/EXPORT]%s", text,
			  has_prefix(text, unix_scheme) ? " or nbd+unix:///[EXPORT]?socket=/PATH"
							: "");
}

static size_t uri_append(char *ret, size_t size, size_t at, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = isalnum(c) || strchr("-._~/", c);

		if (at < size)
			at += (size_t)snprintf(ret + at, size - at, plain ? "%c" : "%%%02X", c);
	}
	return at;
}

void nbd_uri_print(const struct nbd_uri *uri, char *ret, size_t size)
{
	bool six = strchr(uri->host, ':');
	size_t at;

	if (*uri->socket)
		at = (size_t)snprintf(ret, size, "%s/", unix_scheme);
	else
		at = (size_t)snprintf(ret, size, "%s%s%s%s:%s/", tcp_scheme, six ? "[" : "",
				      uri->host, six ? "]" : "", uri->port);
	at = uri_append(ret, size, at, uri->export);
	if (*uri->socket && at < size) {
		at += (size_t)snprintf(ret + at, size - at, "%s", query);
		uri_append(ret, size, at, uri->socket);
	}
}
