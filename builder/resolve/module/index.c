// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/index.h"

#include <errno.h>
#include <string.h>

#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"
#include "common/modules/line.h"

static int compare_module_paths(const void *a, const void *b)
{
	const struct module *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static void add_dep_line(const struct module_table *table, const struct module *module,
			 struct strbuf *text)
{
	strbuf_add_mem(text, module->path,
		       module_path_len(table, module->path, strlen(module->path)));
	strbuf_add(text, ":");
	for (const char *dep = module->deps; *dep;) {
		size_t len = strcspn(dep, " ");
		const struct module *needed = module_table_find_path(table, dep, len);

		if (needed && needed->chosen) {
			strbuf_add(text, " ");
			strbuf_add_mem(text, dep, module_path_len(table, dep, len));
		}
		dep += len + strspn(dep + len, " ");
	}
	strbuf_add(text, "\n");
}

char *module_index_dep(const struct module_table *table, size_t *ret_len)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct vec chosen = { 0 };
	const struct module *module;

	for (size_t i = 0; i < table->count; i++)
		if (table->modules[i].chosen && vec_push(&chosen, &table->modules[i]) < 0)
			text.failed = true;
	vec_sort(&chosen, compare_module_paths);
	vec_foreach(i, module, &chosen)
		add_dep_line(table, module, &text);
	vec_clear(&chosen, NULL);
	*ret_len = text.len;
	return strbuf_steal(&text);
}

struct filter {
	const struct module_table *table;
	/* Where the module's name stands in a line; false: a line to drop. NULL: all lines stay. */
	bool (*owner)(const char *line, size_t len, struct line_part *ret);
	/* lines of one module follow each other: the answer for the last name */
	struct line_part last;
	bool last_chosen;
};

static bool alias_owner(const char *line, size_t len, struct line_part *ret)
{
	struct line_part pattern;

	return line_split_alias(line, len, &pattern, ret);
}

static bool softdep_owner(const char *line, size_t len, struct line_part *ret)
{
	struct line_part rest;

	return line_split_dependency(line, len, "softdep", ret, &rest);
}

static bool keeps(struct filter *filter, const char *line, size_t len)
{
	const struct module *module;
	struct line_part name;

	if (!filter->owner)
		return true;
	if (!filter->owner(line, len, &name))
		return false;
	if (filter->last.text && filter->last.len == name.len &&
	    memcmp(filter->last.text, name.text, name.len) == 0)
		return filter->last_chosen;
	module = module_table_find_path(filter->table, name.text, name.len);
	filter->last = name;
	filter->last_chosen = module && module->chosen;
	return filter->last_chosen;
}

/* Adjacent lines that stay are copied at once. */
static void copy_kept(struct filter *filter, const char *text, size_t len, struct strbuf *to)
{
	const char *line = text, *end = text + len, *start = NULL;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *next = newline ? newline + 1 : end;
		size_t line_len = (size_t)((newline ? newline : end) - line);
		bool keep = keeps(filter, line, line_len);

		if (keep && !start)
			start = line;
		if (!keep && start) {
			strbuf_add_mem(to, start, (size_t)(line - start));
			start = NULL;
		}
		line = next;
	}
	if (start)
		strbuf_add_mem(to, start, (size_t)(end - start));
}

static int filter_index(struct filter *filter, const char *modules_dir, const char *name,
			char **ret, size_t *ret_len, struct error **err)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_strbuf_ struct strbuf kept = { 0 };
	size_t len;
	int r;

	*ret = NULL;
	if (asprintf(&path, "%s/%s", modules_dir, name) < 0)
		return error_no_memory(err);
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = read_file(path, &text, &len, err);
	if (r < 0)
		return r;
	copy_kept(filter, text, len, &kept);
	*ret_len = kept.len;
	*ret = strbuf_steal(&kept);
	return *ret ? 0 : error_no_memory(err);
}

int module_index_alias(const struct module_table *table, const char *modules_dir, char **ret,
		       size_t *ret_len, struct error **err)
{
	struct filter filter = { .table = table, .owner = alias_owner };

	return filter_index(&filter, modules_dir, "modules.alias", ret, ret_len, err);
}

int module_index_softdep(const struct module_table *table, const char *modules_dir, char **ret,
			 size_t *ret_len, struct error **err)
{
	struct filter filter = { .table = table, .owner = softdep_owner };

	return filter_index(&filter, modules_dir, "modules.softdep", ret, ret_len, err);
}

int module_index_builtin(const struct module_table *table, const char *modules_dir, char **ret,
			 size_t *ret_len, struct error **err)
{
	struct filter filter = { .table = table };

	return filter_index(&filter, modules_dir, "modules.builtin", ret, ret_len, err);
}
