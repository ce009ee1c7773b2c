// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/origin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/resolve/tree.h"
#include "builder/util/readfile.h"

#define IN_TREE "kernel/"

static bool is_in_tree(const struct module *module)
{
	return strncmp(module->path, IN_TREE, strlen(IN_TREE)) == 0;
}

static bool is_placed(const struct module *module)
{
	return module->place != module->path;
}

/* Those that have no place yet. */
static size_t count_strays(const struct module_table *table)
{
	size_t n = 0;

	for (size_t i = 0; i < table->count; i++)
		n += !is_in_tree(&table->modules[i]) && !is_placed(&table->modules[i]);
	return n;
}

static void place_by_path(struct module_table *table, const char *path)
{
	struct module *module = module_table_find_path(table, path, strlen(path));

	if (module && !is_in_tree(module) && !is_placed(module) &&
	    strncmp(path, IN_TREE, strlen(IN_TREE)) == 0)
		module->place = path;
}

/* modules.order and modules.builtin: an in-tree path a line. */
static int place_by_list(struct module_table *table, const char *modules_dir, const char *name,
			 char **text, struct error **err)
{
	_cleanup_free_ char *path = NULL;
	char *rest = NULL;
	int r;

	if (asprintf(&path, "%s/%s", modules_dir, name) < 0) {
		path = NULL;
		return error_no_memory(err);
	}
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = read_file(path, text, NULL, err);
	if (r < 0)
		return r;
	for (char *line = strtok_r(*text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		place_by_path(table, line);
	return 0;
}

/* The files that modules.dep passes over because another one of their name comes first. */
static int place_by_walk(struct module_origins *origins, struct module_table *table,
			 const char *modules_dir, struct error **err)
{
	_cleanup_free_ char *directory = NULL;
	_cleanup_error_ struct error *problem = NULL;
	const struct tree_node *node;
	struct vec nodes = { 0 };
	int r;

	if (asprintf(&directory, "%s/kernel", modules_dir) < 0) {
		directory = NULL;
		return error_no_memory(err);
	}
	r = tree_list(directory, &nodes, &problem) == -ENOMEM ? error_no_memory(err) : 0;
	vec_foreach(i, node, &nodes) {
		char *path = NULL;

		if (r < 0 || !strstr(node->path, ".ko"))
			continue;
		if (asprintf(&path, IN_TREE "%s", node->path) < 0 ||
		    vec_push(&origins->walked, path) < 0) {
			r = error_no_memory(err);
			continue;
		}
		place_by_path(table, path);
	}
	vec_clear(&nodes, tree_node_free);
	return r;
}

struct claim {
	const char *alias;
	struct module *module;
};

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;

	return strcmp(left->alias, right->alias);
}

/* Cuts "alias PATTERN NAME"; NULL: another line, or no bus of hardware. */
static struct module *claim_parse(const struct module_table *table, char *line, const char **alias)
{
	char *name = strrchr(line, ' ');

	if (!name || strncmp(line, "alias ", 6) != 0 || name < line + 6 ||
	    !memchr(line + 6, ':', (size_t)(name - line - 6)))
		return NULL;
	*name = '\0';
	*alias = line + 6;
	return module_table_find(table, name + 1);
}

/* All aliases in two lists: those of modules without a place, and the others. */
static void sort_claims(const struct module_table *table, char *text, struct claim *strays,
			size_t *n_strays, struct claim *others, size_t *n_others)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct claim claim = { 0 };

		claim.module = claim_parse(table, line, &claim.alias);
		if (!claim.module)
			continue;
		if (is_in_tree(claim.module) || is_placed(claim.module))
			others[(*n_others)++] = claim;
		else
			strays[(*n_strays)++] = claim;
	}
	qsort(strays, *n_strays, sizeof(*strays), compare_claims);
}

/* A stray's aliases stand side by side; the first in the order of the others' lines counts. */
static void place_by_claims(const struct claim *strays, size_t n_strays, const struct claim *others,
			    size_t n_others)
{
	for (size_t i = 0; i < n_others; i++) {
		const struct claim *found =
			bsearch(&others[i], strays, n_strays, sizeof(*strays), compare_claims);

		if (!found)
			continue;
		while (found > strays && compare_claims(found - 1, found) == 0)
			found--;
		for (; found < strays + n_strays && compare_claims(found, &others[i]) == 0; found++)
			if (!is_placed(found->module))
				found->module->place = others[i].module->place;
	}
}

static int place_by_alias(struct module_origins *origins, struct module_table *table,
			  const char *modules_dir, struct error **err)
{
	_cleanup_free_ struct claim *strays = NULL, *others = NULL;
	_cleanup_free_ char *path = NULL;
	size_t lines = 1, n_strays = 0, n_others = 0;
	int r;

	if (asprintf(&path, "%s/modules.alias", modules_dir) < 0) {
		path = NULL;
		return error_no_memory(err);
	}
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	r = read_file(path, &origins->alias, NULL, err);
	if (r < 0)
		return r;
	for (const char *p = origins->alias; (p = strchr(p, '\n')); p++)
		lines++;
	strays = calloc(lines, sizeof(*strays));
	others = calloc(lines, sizeof(*others));
	if (!strays || !others)
		return error_no_memory(err);
	sort_claims(table, origins->alias, strays, &n_strays, others, &n_others);
	place_by_claims(strays, n_strays, others, n_others);
	return 0;
}

/* "extra/mlnx/drivers/net/x.ko" and the like keep the directories of the source. */
static void place_by_directory(struct module *module)
{
	static const char *const tops[] = { "/drivers/", "/fs/",    "/net/", "/crypto/",
					    "/arch/",	 "/sound/", "/lib/", "/block/" };

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		const char *top = strstr(module->path, tops[i]);

		if (!top)
			continue;
		module->place = top + 1;
		return;
	}
}

int module_origins_find(struct module_origins *origins, struct module_table *table,
			const char *modules_dir, struct error **err)
{
	int r = 0;

	for (size_t i = 0; i < table->count; i++)
		table->modules[i].place = table->modules[i].path;
	if (count_strays(table))
		r = place_by_list(table, modules_dir, "modules.order", &origins->order, err);
	if (r == 0 && count_strays(table))
		r = place_by_list(table, modules_dir, "modules.builtin", &origins->builtin, err);
	if (r == 0 && count_strays(table))
		r = place_by_walk(origins, table, modules_dir, err);
	if (r == 0 && count_strays(table))
		r = place_by_alias(origins, table, modules_dir, err);
	for (size_t i = 0; r == 0 && i < table->count; i++)
		if (!is_in_tree(&table->modules[i]) && !is_placed(&table->modules[i]))
			place_by_directory(&table->modules[i]);
	return r;
}

void module_origins_release(struct module_origins *origins)
{
	free(origins->order);
	free(origins->builtin);
	free(origins->alias);
	vec_clear(&origins->walked, free);
	*origins = (struct module_origins){ 0 };
}
