/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "did you mean ...?" for misspelt words of a fixed vocabulary. */
#ifndef BUILDER_UTIL_SUGGEST_H
#define BUILDER_UTIL_SUGGEST_H

#include <stddef.h>

/*
 * The optimal string alignment distance of a and b: insertions, deletions, substitutions and swaps
 * of neighbours. Words of more than 32 bytes count as unlike: the result is then the limit, 32.
 */
unsigned suggest_distance(const char *a, const char *b);

/* How many edits may lie between a word and what was meant: none for one letter, 1 for up to four,
 * else 2. */
unsigned suggest_limit(const char *word);

/*
 * The nearest candidate within the limit of the word; NULL when there is none.
 * candidate(context, i) gives the i-th word and NULL after the last. The first of equals wins.
 */
const char *suggest(const char *word, const char *(*candidate)(const void *context, size_t i),
		    const void *context);

/* candidate function for a NULL-terminated array of words. */
const char *suggest_from_array(const void *context, size_t i);

/* Text to put behind an error message: " (did you mean 'NAME'?)" or "". */
struct suggestion {
	char text[64];
};
struct suggestion suggest_phrase(const char *word,
				 const char *(*candidate)(const void *context, size_t i),
				 const void *context);

#endif
