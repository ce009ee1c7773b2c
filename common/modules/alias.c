// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking up aliases. A generic image has 20000 of them, so they are put into buckets by their
 * literal beginning: the bus name with its colon and eight more characters ("pci:v0000808"), the
 * bus alone ("usb:*"), or, without wildcards, the whole ("fs_ext4"). What begins otherwise
 * ("acpi*:PNP0C0A:*") is in one list that each look-up walks.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/hash.h"
#include "common/modules/index.h"
#include "common/modules/line.h"
#include "common/modules/name.h"

#define BUCKETS	   8192
#define BUS_LENGTH 24 /* no bus name is longer */
#define TAIL	   8

/* Bytes up to and with the first colon; 0: there is none near the beginning. */
static size_t bus_length(const char *text, size_t length)
{
	const char *colon = memchr(text, ':', MIN(length, (size_t)BUS_LENGTH));

	return colon ? (size_t)(colon - text) + 1 : 0;
}

static uint32_t *bucket(const struct modindex *index, const char *text, size_t length)
{
	return &index->buckets[hash_bytes(text, length) & (BUCKETS - 1)];
}

static uint32_t *bucket_of(struct modindex *index, const struct module_alias *alias)
{
	size_t bus = bus_length(alias->pattern, alias->literal);

	if (alias->pattern[alias->literal] == '\0')
		return bucket(index, alias->pattern, alias->literal);
	if (bus && alias->literal >= bus + TAIL)
		return bucket(index, alias->pattern, bus + TAIL);
	return bus ? bucket(index, alias->pattern, bus) : &index->wild;
}

static bool parse_alias(char *line, struct module_alias *ret)
{
	struct line_part pattern, module;
	char *text;

	if (!line_split_alias(line, strlen(line), &pattern, &module))
		return false;
	text = line_cut_part(line, module);
	module_name_fold(text);
	ret->module = text;
	text = line_cut_part(line, pattern);
	module_name_fold(text);
	ret->pattern = text;
	ret->literal = (uint32_t)strcspn(text, "*?[\\");
	return true;
}

static int read_aliases(struct modindex *index)
{
	_cleanup_free_ char *path = NULL;
	char *cursor, *line;
	size_t room = 1;
	int r;

	index->aliases_read = true;
	if (asprintf(&path, "%s/modules.alias", index->dir) < 0)
		return -ENOMEM;
	r = read_text(path, &index->alias_text, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	for (const char *p = index->alias_text; (p = strchr(p, '\n')); p++)
		room++;
	index->aliases = calloc(room, sizeof(*index->aliases));
	index->buckets = calloc(BUCKETS, sizeof(*index->buckets));
	if (!index->aliases || !index->buckets)
		return -ENOMEM;
	for (cursor = index->alias_text; (line = text_line(&cursor));) {
		struct module_alias *alias = &index->aliases[index->alias_count];
		uint32_t *head;

		if (!parse_alias(line, alias))
			continue;
		head = bucket_of(index, alias);
		alias->next = *head;
		*head = (uint32_t)++index->alias_count;
	}
	return 0;
}

struct matches {
	uint32_t *at; /* indexes of aliases */
	size_t count, room;
};

static int add_match(struct matches *m, uint32_t at)
{
	if (m->count == m->room) {
		size_t wanted = m->room ? m->room * 2 : 16;
		uint32_t *bigger = reallocarray(m->at, wanted, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		m->at = bigger;
		m->room = wanted;
	}
	m->at[m->count++] = at;
	return 0;
}

static int match_list(const struct modindex *index, uint32_t head, const char *text, size_t length,
		      struct matches *m)
{
	for (uint32_t at = head; at; at = index->aliases[at - 1].next) {
		const struct module_alias *a = &index->aliases[at - 1];

		if (a->literal > length ||
		    (a->literal && memcmp(a->pattern, text, a->literal) != 0))
			continue;
		if (fnmatch(a->pattern + a->literal, text + a->literal, 0) == 0 &&
		    add_match(m, at - 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int match_all(const struct modindex *index, const char *text, struct matches *m)
{
	size_t length = strlen(text), bus = bus_length(text, length);
	int r;

	if (!index->buckets)
		return 0;
	r = match_list(index, index->wild, text, length, m);
	if (r == 0)
		r = match_list(index, *bucket(index, text, length), text, length, m);
	if (r == 0 && bus && length >= bus + TAIL)
		r = match_list(index, *bucket(index, text, bus + TAIL), text, length, m);
	if (r == 0 && bus)
		r = match_list(index, *bucket(index, text, bus), text, length, m);
	return r;
}

static int by_place(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool is_named(const char **names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

int modindex_match(struct modindex *index, const char *text, const char ***ret_names,
		   size_t *ret_count)
{
	_cleanup_free_ char *folded = strdup(text);
	_cleanup_free_ const char **names = NULL;
	struct matches m = { 0 };
	size_t count = 0;
	int r = folded ? 0 : -ENOMEM;

	if (r == 0 && !index->aliases_read)
		r = read_aliases(index);
	if (r == 0) {
		module_name_fold(folded);
		r = match_all(index, folded, &m);
	}
	if (r == 0) {
		names = calloc(m.count + 1, sizeof(*names));
		r = names ? 0 : -ENOMEM;
	}
	if (r == 0 && m.count)
		qsort(m.at, m.count, sizeof(*m.at), by_place);
	for (size_t i = 0; r == 0 && i < m.count; i++)
		if (!is_named(names, count, index->aliases[m.at[i]].module))
			names[count++] = index->aliases[m.at[i]].module;
	free(m.at);
	if (r < 0)
		return r;
	*ret_names = steal_ptr(&names);
	*ret_count = count;
	return 0;
}
