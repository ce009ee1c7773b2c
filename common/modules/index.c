// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/modules/index.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/modules/line.h"
#include "common/modules/name.h"

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 1;

	for (const char *p = text; p && (p = memchr(p, '\n', len - (size_t)(p - text))); p++)
		lines++;
	return text ? lines : 0;
}

static bool is_update(const struct kernel_module *module)
{
	return module->path && strncmp(module->path, "updates/", 8) == 0;
}

/*
 * By name. depmod writes one line for each; busybox's, which searches nothing, one for each file.
 * Of those the one in updates/ comes first, as in depmod.d(5) without configuration, else what
 * stands first in its file.
 */
static int compare_modules(const void *a, const void *b)
{
	const struct kernel_module *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	if (!order)
		order = is_update(right) - is_update(left);
	return order ? order : left->name < right->name ? -1 : left->name > right->name;
}

/*
 * Cuts "PATH: DEPS" in place; a line of modules.builtin has no colon. name: space for the name.
 * False when the line is no such thing.
 */
static bool modindex_parse_line(char *line, size_t len, bool builtin, char *name,
				struct kernel_module *ret)
{
	char *colon = builtin ? line + len : memchr(line, ':', len);

	line[len] = '\0';
	if (!colon || colon == line || strlen(line) != len)
		return false;
	*colon = '\0';
	if (!strstr(line, ".ko") || !module_name(line, strlen(line), name, MODULE_NAME_SIZE))
		return false;
	ret->name = name;
	ret->path = builtin ? NULL : line;
	ret->deps = builtin ? colon : colon + 1 + strspn(colon + 1, " ");
	return true;
}

/* The number of modules written to modules. Names go to *names, which moves on. */
static size_t parse_modules(struct modindex *index, char *text, size_t len, bool builtin,
			    char **names, struct kernel_module *modules)
{
	char *end = text + len;
	unsigned int number = 1;
	size_t count = 0;

	for (char *line = text; line && line < end; number++) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((newline ? newline : end) - line);

		if (modindex_parse_line(line, line_len, builtin, *names, &modules[count]))
			*names += strlen(modules[count++].name) + 1;
		else if (line_len && *line != '#' && !builtin && !index->no_line)
			index->no_line = number;
		line += line_len + 1;
	}
	return count;
}

/* Sorts, and keeps the first of each name. */
static size_t modindex_sort(struct kernel_module *modules, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(modules, count, sizeof(*modules), compare_modules);
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(modules[kept - 1].name, modules[i].name) != 0)
			modules[kept++] = modules[i];
	return kept;
}

int modindex_parse(struct modindex *index, char *dep, size_t len, char *builtin)
{
	size_t builtin_len = builtin ? strlen(builtin) : 0;
	char *names;

	index->dep_text = dep;
	index->builtin_text = builtin;
	index->modules = calloc(count_lines(dep, len) + count_lines(builtin, builtin_len) + 1,
				sizeof(*index->modules));
	/* a name is never longer than its path, so names cannot outgrow the texts */
	names = index->names = malloc(len + builtin_len + MODULE_NAME_SIZE);
	if (!index->modules || !names)
		return -ENOMEM;
	index->count = parse_modules(index, dep, len, false, &names, index->modules);
	index->count = modindex_sort(index->modules, index->count);
	index->builtin_count = parse_modules(index, builtin, builtin_len, true, &names,
					     index->modules + index->count);
	index->builtin_count = modindex_sort(index->modules + index->count, index->builtin_count);
	for (size_t i = 0; i < index->count + index->builtin_count; i++)
		index->modules[i].index = i;
	return 0;
}

static int read_optional(const char *dir, const char *name, char **ret, size_t *ret_len,
			 struct error **err)
{
	_cleanup_free_ char *path = NULL;
	int r;

	*ret = NULL;
	*ret_len = 0;
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return error_no_memory(err);
	r = read_text(path, ret, ret_len);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? error_sys(err, r, "cannot read '%s'", path) : 0;
}

static int read_dependency_lines(const char *dir, const char *name, const char *keyword,
				 struct dependency_lines *lines, struct error **err)
{
	char *text;
	size_t len;
	int r = read_optional(dir, name, &text, &len, err);

	if (r < 0 || !text)
		return r;
	r = dependency_lines_parse(lines, keyword, text);
	return r < 0 ? error_no_memory(err) : 0;
}

static int read_modules(struct modindex *index, struct error **err)
{
	_cleanup_free_ char *dep = NULL;
	char *builtin = NULL;
	size_t len, builtin_len;
	int r = read_optional(index->dir, "modules.dep", &dep, &len, err);

	if (r == 0)
		r = read_optional(index->dir, "modules.builtin", &builtin, &builtin_len, err);
	if (r < 0)
		return r;
	r = modindex_parse(index, steal_ptr(&dep), len, builtin);
	return r < 0 ? error_no_memory(err) : 0;
}

int modindex_open(const char *dir, struct modindex *ret, struct error **err)
{
	struct modindex index = { .dir = strdup(dir) };
	int r = index.dir ? 0 : error_no_memory(err);

	if (r == 0)
		r = read_modules(&index, err);
	if (r == 0)
		r = read_dependency_lines(dir, "modules.softdep", "softdep", &index.softdeps, err);
	if (r == 0)
		r = read_dependency_lines(dir, "modules.weakdep", "weakdep", &index.weakdeps, err);
	if (r < 0) {
		modindex_close(&index);
		return r;
	}
	*ret = index;
	return 0;
}

void modindex_close(struct modindex *index)
{
	free(index->modules);
	free(index->names);
	free(index->aliases);
	free(index->buckets);
	free(index->softdeps.lines);
	free(index->softdeps.text);
	free(index->weakdeps.lines);
	free(index->weakdeps.text);
	free(index->dep_text);
	free(index->builtin_text);
	free(index->alias_text);
	free(index->dir);
	*index = (struct modindex){ 0 };
}

int dependency_lines_parse(struct dependency_lines *lines, const char *keyword, char *text)
{
	char *cursor = text, *line;

	lines->text = text;
	lines->lines = calloc(count_lines(text, strlen(text)), sizeof(*lines->lines));
	if (!lines->lines)
		return -ENOMEM;
	while ((line = text_line(&cursor))) {
		struct line_part module, rest;

		if (!line_split_dependency(line, strlen(line), keyword, &module, &rest))
			continue;
		lines->lines[lines->count].value = rest.len ? rest.text + 1 : rest.text;
		line = line_cut_part(line, module);
		module_name_fold(line);
		lines->lines[lines->count++].module = line;
	}
	return 0;
}

const struct module_dependency *dependency_lines_next(const struct dependency_lines *lines,
						      const char *name, size_t *at)
{
	while (*at < lines->count) {
		const struct module_dependency *line = &lines->lines[(*at)++];

		if (fnmatch(line->module, name, 0) == 0)
			return line;
	}
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	const struct kernel_module *left = a, *right = b;

	return strcmp(left->name, right->name);
}

const struct kernel_module *modindex_find(const struct modindex *index, const char *name)
{
	char folded[MODULE_NAME_SIZE];
	const struct kernel_module key = { .name = folded }, *found;
	const size_t size = strlen(name) + 1;

	if (!index->modules || size > sizeof(folded))
		return NULL;
	memcpy(folded, name, size);
	module_name_fold(folded);
	found = bsearch(&key, index->modules, index->count, sizeof(key), compare_names);
	if (found)
		return found;
	return bsearch(&key, index->modules + index->count, index->builtin_count, sizeof(key),
		       compare_names);
}

const struct kernel_module *modindex_find_path(const struct modindex *index, const char *path,
					       size_t length)
{
	char name[MODULE_NAME_SIZE];

	return module_name(path, length, name, sizeof(name)) ? modindex_find(index, name) : NULL;
}
