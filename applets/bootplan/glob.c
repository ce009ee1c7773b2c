// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/bootplan/glob.h"

#include <stddef.h>

/* Whether one byte is as the pattern's first element, which has *ret_len bytes. */
static bool matches_one(const char *pattern, char c, size_t *ret_len)
{
	*ret_len = 1;
	if (*pattern == '?')
		return true;
	if (*pattern == '[' && pattern[1] && pattern[2] == '-' && pattern[3] && pattern[4] == ']') {
		*ret_len = 5;
		return c >= pattern[1] && c <= pattern[3];
	}
	return *pattern == c;
}

bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;
	size_t len;

	/* after a '*' that took too little it takes one more: only the last one need be tried again
	 */
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (matches_one(pattern, *text, &len)) {
			pattern += len;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
