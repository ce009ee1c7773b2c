// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/macro.h"
#include "common/print.h"

/* SCHEME://USER:PASSWORD@SERVER: the password, NULL without one. The last '@' before the path ends
 * it. */
static const char *find_password(const char *url, size_t *ret_len)
{
	const char *start = strstr(url, "://"), *at = NULL, *colon;
	size_t n;

	if (!start)
		return NULL;
	start += 3;
	n = strcspn(start, "/?#");
	for (size_t i = 0; i < n; i++)
		if (start[i] == '@')
			at = start + i;
	colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
	if (!colon)
		return NULL;
	*ret_len = (size_t)(at - colon - 1);
	return colon + 1;
}

void url_shown(const char *url, char *buf, size_t size)
{
	char text[2 * URL_SHOWN];
	size_t len = 0;
	const char *password = find_password(url, &len);

	if (password)
		snprintf(text, sizeof(text), "%.*s***%s", (int)(password - url), url,
			 password + len);
	print_to_buffer(buf, size, password ? text : url);
}

void url_blank(char *text)
{
	size_t len = 0;
	char *next;

	for (char *url = text; (next = strstr(url, "://")); url = next + 3) {
		const char *password = find_password(next, &len);

		if (password)
			memset(next + (password - next), '*', len);
	}
}

/* What is between :// or user@ and the path; *ret_len is its length. */
static const char *find_server(const char *url, size_t *ret_len)
{
	const char *start = strstr(url, "://");
	size_t n, user;

	start = start ? start + 3 : url;
	n = strcspn(start, "/?#");
	for (user = n; user > 0 && start[user - 1] != '@'; user--)
		;
	*ret_len = n - user;
	return start + user;
}

void url_server(const char *url, char *buf, size_t size)
{
	char text[256];
	size_t len;
	const char *server = find_server(url, &len);

	snprintf(text, sizeof(text), "%.*s", (int)len, server);
	print_to_buffer(buf, size, text);
}

void url_host(const char *url, char *buf, size_t size)
{
	size_t len;
	const char *server = find_server(url, &len);

	if (len && *server == '[')
		len = strcspn(++server, "]/");
	else
		len = MIN(len, strcspn(server, ":"));
	snprintf(buf, size, "%.*s", (int)len, server);
}

static const struct {
	const char *coding, *endings[3];
} codings[] = {
	{ "gzip", { ".gz", ".tgz" } }, { "x-gzip", { ".gz", ".tgz" } }, { "deflate", { NULL } },
	{ "br", { ".br" } },	       { "zstd", { ".zst", ".tzst" } }, { "compress", { ".Z" } },
	{ "x-compress", { ".Z" } },
};

bool url_is_encoded(const char *url, const char *coding)
{
	const size_t n = strcspn(url, "?#");

	for (size_t i = 0; i < ARRAY_SIZE(codings); i++) {
		if (strcasecmp(codings[i].coding, coding) != 0)
			continue;
		for (const char *const *end = codings[i].endings; *end; end++) {
			const size_t len = strlen(*end);

			if (n >= len && strncasecmp(url + n - len, *end, len) == 0)
				return false;
		}
		return true;
	}
	return false;
}
