// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/dependencies.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "builder/util/strbuf.h"
#include "builder/util/suggest.h"

#define NAME_SIZE 256

bool module_name(const char *path, size_t len, char *buf, size_t size)
{
	const char *slash = memrchr(path, '/', len);
	const char *name = slash ? slash + 1 : path;
	const char *end = path + len;
	size_t i = 0;

	for (; name < end && *name != '.'; name++) {
		if (i + 1 >= size)
			return false;
		buf[i++] = *name == '-' ? '_' : *name;
	}
	buf[i] = '\0';
	return i > 0;
}

static int compare_modules(const void *a, const void *b)
{
	const struct module *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 0;

	for (const char *p = text; (p = memchr(p, '\n', len - (size_t)(p - text))); p++)
		lines++;
	return lines + 1;
}

/* Cuts "PATH: DEPS" in place. False when the line is no such thing. */
static bool dependencies_parse_line(char *line, size_t len, struct module *ret)
{
	char *colon = memchr(line, ':', len);

	if (!colon || colon == line || memchr(line, '\0', len))
		return false;
	line[len] = '\0';
	*colon = '\0';
	if (!strstr(line, ".ko"))
		return false;
	ret->path = line;
	ret->deps = colon + 1 + strspn(colon + 1, " ");
	return true;
}

static int parse_lines(struct module_table *table, size_t len, struct error **err)
{
	char *line = table->text, *end = table->text + len, *name = table->names;
	unsigned number = 1;

	for (; line < end; number++) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((newline ? newline : end) - line);
		struct module *module = &table->modules[table->count];

		if (line_len) {
			/* a name is never longer than its path, so names cannot outgrow the text */
			if (!dependencies_parse_line(line, line_len, module) ||
			    !module_name(module->path, strlen(module->path), name, NAME_SIZE))
				return error_make(err, EINVAL,
						  "modules.dep:%u: expected 'PATH.ko: PATH...'",
						  number);
			module->name = name;
			name += strlen(name) + 1;
			table->count++;
		}
		line += line_len + 1;
	}
	return 0;
}

int module_table_parse(struct module_table *table, char *text, size_t len, struct error **err)
{
	int r;

	table->text = text;
	table->modules = calloc(count_lines(text, len), sizeof(*table->modules));
	table->names = malloc(len + NAME_SIZE);
	if (!table->modules || !table->names)
		return error_make(err, ENOMEM, "out of memory");
	r = parse_lines(table, len, err);
	if (r < 0)
		return r;
	qsort(table->modules, table->count, sizeof(*table->modules), compare_modules);
	return 0;
}

static struct module *find_normal(const struct module_table *table, const char *name)
{
	const struct module key = { .name = name };

	if (!table->count)
		return NULL;
	return bsearch(&key, table->modules, table->count, sizeof(key), compare_modules);
}

struct module *module_table_find(const struct module_table *table, const char *name)
{
	return module_table_find_path(table, name, strlen(name));
}

struct module *module_table_find_path(const struct module_table *table, const char *path,
				      size_t len)
{
	char name[NAME_SIZE];

	return module_name(path, len, name, sizeof(name)) ? find_normal(table, name) : NULL;
}

static void softdep_free(void *item)
{
	struct softdep *softdep = item;

	vec_clear(&softdep->modules, NULL);
	free(softdep);
}

/* The record of that name, made when it is the first line about it. */
static struct softdep *softdep_for(struct vec *softdeps, const char *name)
{
	struct softdep *softdep;

	/* some dozens at most */
	vec_foreach(i, softdep, softdeps) if (strcmp(softdep->name, name) == 0) return softdep;
	softdep = calloc(1, sizeof(*softdep));
	if (!softdep)
		return NULL;
	softdep->name = name;
	if (vec_push(softdeps, softdep) < 0) {
		free(softdep);
		return NULL;
	}
	return softdep;
}

/*
 * "softdep NAME pre: A B post: C": words before the first "pre:" or "post:" mean nothing to
 * modprobe. "weakdep NAME A B" has a list from the beginning.
 */
static int parse_softdep(struct vec *softdeps, char *line, const char *kind, bool in_list)
{
	char *rest = NULL, *word = strtok_r(line, " \t", &rest);
	struct softdep *softdep;
	int r = 0;

	if (!word || strcmp(word, kind) != 0)
		return 0;
	word = strtok_r(NULL, " \t", &rest);
	if (!word)
		return 0;
	for (char *p = word; *p; p++)
		*p = *p == '-' ? '_' : *p;
	softdep = softdep_for(softdeps, word);
	if (!softdep)
		return -ENOMEM;
	while (r == 0 && (word = strtok_r(NULL, " \t", &rest))) {
		if (strcmp(word, "pre:") == 0 || strcmp(word, "post:") == 0)
			in_list = true;
		else if (in_list)
			r = vec_push(&softdep->modules, word);
	}
	return r;
}

int module_table_parse_softdep(struct module_table *table, char *text, struct error **err)
{
	char *rest = NULL;

	table->softdep_text = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (parse_softdep(&table->softdeps, line, "softdep", false) < 0)
			return error_make(err, ENOMEM, "out of memory");
	return 0;
}

int module_table_parse_weakdep(struct module_table *table, char *text, struct error **err)
{
	char *rest = NULL;

	table->weakdep_text = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (parse_softdep(&table->weakdeps, line, "weakdep", true) < 0)
			return error_make(err, ENOMEM, "out of memory");
	return 0;
}

static const struct softdep *find_softdep(const struct vec *softdeps, const char *name)
{
	const struct softdep *softdep;

	vec_foreach(i, softdep, softdeps) if (strcmp(softdep->name, name) == 0) return softdep;
	return NULL;
}

const struct softdep *module_table_softdep(const struct module_table *table, const char *name)
{
	return find_softdep(&table->softdeps, name);
}

const struct softdep *module_table_weakdep(const struct module_table *table, const char *name)
{
	return find_softdep(&table->weakdeps, name);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

int module_table_parse_builtin(struct module_table *table, char *text, struct error **err)
{
	char *rest = NULL;

	table->builtin_text = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		/* the name is not longer than the line: written over it */
		if (!module_name(line, strlen(line), line, NAME_SIZE))
			continue;
		if (vec_push(&table->builtin, line) < 0)
			return error_make(err, ENOMEM, "out of memory");
	}
	vec_sort(&table->builtin, compare_names);
	return 0;
}

bool module_table_is_builtin(const struct module_table *table, const char *name)
{
	char normal[NAME_SIZE];
	const char *builtin;

	if (!module_name(name, strlen(name), normal, sizeof(normal)))
		return false;
	vec_foreach(i, builtin, &table->builtin) if (strcmp(builtin, normal) == 0) return true;
	return false;
}

/* Up to five candidates, the nearest first; a name that contains the wanted one counts as two edits
 * away. */
static size_t find_near(const struct module_table *table, const char *name, const char *near[5])
{
	unsigned limit = suggest_limit(name);
	size_t found = 0;

	for (unsigned distance = 1; distance <= 2; distance++)
		for (size_t i = 0; i < table->count && found < 5; i++) {
			const char *candidate = table->modules[i].name;
			unsigned d = suggest_distance(name, candidate);

			if (d > limit)
				d = strlen(name) > 3 && strstr(candidate, name) ? 2 : UINT_MAX;
			if (d == distance)
				near[found++] = candidate;
		}
	return found;
}

char *module_table_near(const struct module_table *table, const char *name)
{
	char normal[NAME_SIZE];
	const char *near[5];
	_cleanup_strbuf_ struct strbuf text = { 0 };
	size_t found;

	if (!module_name(name, strlen(name), normal, sizeof(normal)))
		return NULL;
	found = find_near(table, normal, near);
	if (!found)
		return NULL;
	for (size_t i = 0; i < found; i++)
		strbuf_printf(&text, "%s'%s'",
			      i == 0	       ? ""
			      : i + 1 == found ? " or "
					       : ", ",
			      near[i]);
	return strbuf_steal(&text);
}

size_t module_path_len(const struct module_table *table, const char *path, size_t len)
{
	const char *end = table->inflated ? memmem(path, len, ".ko.", 4) : NULL;

	return end ? (size_t)(end + 3 - path) : len;
}

void module_table_release(struct module_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->modules[i].reason);
	free(table->modules);
	free(table->text);
	free(table->names);
	vec_clear(&table->softdeps, softdep_free);
	free(table->softdep_text);
	vec_clear(&table->weakdeps, softdep_free);
	free(table->weakdep_text);
	vec_clear(&table->builtin, NULL);
	free(table->builtin_text);
	*table = (struct module_table){ 0 };
}
