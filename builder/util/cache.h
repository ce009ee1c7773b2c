/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What costs time and never changes: compressed segments and firmware names, each in a file whose
 * name is the hash of all that it depends on. A file of the cache is proof-read before it is used;
 * a cache that cannot be read or written is no error.
 */
#ifndef BUILDER_UTIL_CACHE_H
#define BUILDER_UTIL_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* 128 bits in hex. */
struct cache_key {
	char text[33];
};

/* The key of `len` bytes of content under a name that tells what was made of them ("zstd 3 1.5.4").
 */
struct cache_key cache_key(const char *what, const void *content, size_t len);

/* True and the content (owned by the caller) when dir has a sound entry. dir NULL: never. */
bool cache_load(const char *dir, const struct cache_key *key, char **ret, size_t *ret_len);

/* Stores an entry and removes the least recently used ones above 64 files or 128 MiB. */
void cache_store(const char *dir, const struct cache_key *key, const void *content, size_t len);

#endif
