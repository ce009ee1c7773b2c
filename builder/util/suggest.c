// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/suggest.h"

#include <stdio.h>
#include <string.h>

#include "common/macro.h"

#define MAX_WORD 32

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

unsigned suggest_distance(const char *a, const char *b)
{
	unsigned row[3][MAX_WORD + 1];
	size_t la = strnlen(a, MAX_WORD + 1), lb = strnlen(b, MAX_WORD + 1);

	if (la > MAX_WORD || lb > MAX_WORD)
		return MAX_WORD;
	for (unsigned j = 0; j <= lb; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned change = a[i - 1] != b[j - 1];

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
	}
	return row[la % 3][lb];
}

unsigned suggest_limit(const char *word)
{
	size_t len = strnlen(word, MAX_WORD);

	return len < 2 ? 0 : len <= 4 ? 1 : 2;
}

const char *suggest(const char *word, const char *(*candidate)(const void *context, size_t i),
		    const void *context)
{
	unsigned best = suggest_limit(word) + 1;
	const char *name, *found = NULL;

	for (size_t i = 0; (name = candidate(context, i)); i++) {
		unsigned distance = suggest_distance(word, name);

		if (distance < best) {
			best = distance;
			found = name;
		}
	}
	return found;
}

const char *suggest_from_array(const void *context, size_t i)
{
	return ((const char *const *)context)[i];
}

struct suggestion suggest_phrase(const char *word,
				 const char *(*candidate)(const void *context, size_t i),
				 const void *context)
{
	const char *name = suggest(word, candidate, context);
	struct suggestion s = { "" };

	if (name)
		snprintf(s.text, sizeof(s.text), " (did you mean '%s'?)", name);
	return s;
}
