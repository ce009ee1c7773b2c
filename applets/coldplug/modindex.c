// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/modindex.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/coldplug/textfile.h"

/* The base name of a path up to ".ko", folded into name. False: it does not fit, or there is none.
 */
static bool name_of_path(const char *path, size_t length, char *name, size_t size)
{
	const char *slash = memrchr(path, '/', length);
	const char *base = slash ? slash + 1 : path;
	size_t n = length - (size_t)(base - path);
	const char *end = memmem(base, n, ".ko", 3);

	if (end)
		n = (size_t)(end - base);
	if (n == 0 || n >= size)
		return false;
	memcpy(name, base, n);
	name[n] = '\0';
	name_fold(name);
	return true;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; text && (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static uint32_t *name_slot(const struct modindex *index, const char *name)
{
	size_t at = hash_bytes(name, strlen(name)) & (index->names_size - 1);

	/* ends: the table has at least one free slot */
	while (index->names[at] && strcmp(index->modules[index->names[at] - 1].name, name) != 0)
		at = (at + 1) & (index->names_size - 1);
	return &index->names[at];
}

static void modindex_add_module(struct modindex *index, const char *name, const char *path,
				const char *deps)
{
	uint32_t *slot = name_slot(index, name);

	if (*slot)
		return;
	index->modules[index->count] =
		(struct module){ .name = name, .path = path, .deps = deps, .index = index->count };
	*slot = (uint32_t)++index->count;
}

/* A line of modules.dep ("path: path path") or modules.builtin ("path"). Of two with one name the
 * first counts. */
static int add_line(struct modindex *index, char *line, bool builtin)
{
	char name[128], *deps = builtin ? NULL : strchr(line, ':'), *copy;

	if (deps)
		*deps++ = '\0';
	else if (!builtin)
		return 0;
	if (!name_of_path(line, strlen(line), name, sizeof(name)))
		return 0;
	if (*name_slot(index, name))
		return 0;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	modindex_add_module(index, copy, builtin ? NULL : line, builtin ? "" : deps);
	return 0;
}

static int modindex_add_file(struct modindex *index, char *text, bool builtin)
{
	char *cursor = text, *line;

	while ((line = text_line(&cursor)))
		if (*line != '#' && add_line(index, line, builtin) < 0)
			return -ENOMEM;
	return 0;
}

static int read_optional(const char *dir, const char *name, char **ret, struct error **err)
{
	size_t size;
	int code = text_read(dir, name, ret, &size);

	if (code == -ENOENT)
		return 0;
	return code < 0 ? error_sys(err, code, "cannot read '%s/%s'", dir, name) : 0;
}

static int modindex_build(struct modindex *index)
{
	size_t lines = count_lines(index->dep_text) + count_lines(index->builtin_text);

	for (index->names_size = 64; index->names_size < 2 * lines; index->names_size *= 2)
		;
	index->modules = calloc(lines, sizeof(*index->modules));
	index->names = calloc(index->names_size, sizeof(*index->names));
	if (!index->modules || !index->names)
		return -ENOMEM;
	if (modindex_add_file(index, index->dep_text, false) < 0 ||
	    modindex_add_file(index, index->builtin_text, true) < 0)
		return -ENOMEM;
	return 0;
}

int modindex_open(const char *dir, struct modindex *ret, struct error **err)
{
	struct modindex index = { .dir = strdup(dir) };
	int code = index.dir ? 0 : error_make(err, ENOMEM, "out of memory");

	if (code == 0)
		code = read_optional(dir, "modules.dep", &index.dep_text, err);
	if (code == 0)
		code = read_optional(dir, "modules.builtin", &index.builtin_text, err);
	if (code == 0 && modindex_build(&index) < 0)
		code = error_make(err, ENOMEM, "out of memory");
	if (code < 0) {
		modindex_close(&index);
		return code;
	}
	*ret = index;
	return 0;
}

void modindex_close(struct modindex *index)
{
	for (size_t i = 0; i < index->count; i++)
		free((char *)(uintptr_t)index->modules[i].name);
	free(index->modules);
	free(index->names);
	free(index->aliases);
	free(index->buckets);
	free(index->dep_text);
	free(index->builtin_text);
	free(index->alias_text);
	free(index->dir);
	*index = (struct modindex){ 0 };
}

const struct module *modindex_find(const struct modindex *index, const char *name)
{
	char folded[128];
	uint32_t at;

	if (strlen(name) >= sizeof(folded))
		return NULL;
	snprintf(folded, sizeof(folded), "%s", name);
	name_fold(folded);
	at = *name_slot(index, folded);
	return at ? &index->modules[at - 1] : NULL;
}

const struct module *modindex_find_path(const struct modindex *index, const char *path,
					size_t length)
{
	char name[128];

	return name_of_path(path, length, name, sizeof(name)) ? modindex_find(index, name) : NULL;
}
