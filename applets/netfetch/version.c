// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/version.h"

#include <string.h>
#include <strings.h>

#include "common/text.h"

static bool is_strong(const char *etag)
{
	return *etag == '"';
}

const char *version_validator(const struct version *version)
{
	if (is_strong(version->etag))
		return version->etag;
	return *version->modified ? version->modified : NULL;
}

bool version_same(const struct version *a, const struct version *b)
{
	const bool tagged = is_strong(a->etag) && strcmp(a->etag, b->etag) == 0;

	return (tagged || a->size < 0 || b->size < 0 || a->size == b->size) &&
	       (!*a->etag || !*b->etag || strcmp(a->etag, b->etag) == 0) &&
	       (!*a->modified || !*b->modified || strcmp(a->modified, b->modified) == 0);
}

/* Digits at *text, which moves behind them. */
static bool read_digits(const char **text, uint64_t *ret)
{
	uint64_t value = 0;
	const char *p = *text;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > (INT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(*p - '0');
	}
	if (p == *text)
		return false;
	*text = p;
	*ret = value;
	return true;
}

bool version_parse_range(const char *text, uint64_t *ret_first, int64_t *ret_size)
{
	uint64_t last, size;

	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text += 6;
	if (!read_digits(&text, ret_first) || *text++ != '-' || !read_digits(&text, &last) ||
	    *text++ != '/' || last < *ret_first)
		return false;
	if (strcmp(text, "*") == 0) {
		*ret_size = -1;
		return true;
	}
	if (!read_digits(&text, &size) || *text || last >= size)
		return false;
	*ret_size = (int64_t)size;
	return true;
}
