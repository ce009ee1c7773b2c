// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/dependencies.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "builder/resolve/module/depmod.h"
#include "builder/util/strbuf.h"
#include "builder/util/suggest.h"
#include "common/modules/name.h"

int module_table_fill(struct module_table *table, struct error **err)
{
	const struct modindex *index = &table->index;

	if (index->no_line)
		return error_make(err, EINVAL, "modules.dep:%u: expected 'PATH.ko: PATH...'",
				  index->no_line);
	table->modules = calloc(index->count + 1, sizeof(*table->modules));
	if (!table->modules)
		return error_no_memory(err);
	for (size_t i = 0; i < index->count; i++) {
		const struct kernel_module *module = &index->modules[i];

		table->modules[i] = (struct module){ .name = module->name,
						     .path = module->path,
						     .deps = module->deps };
	}
	table->count = index->count;
	return 0;
}

static int module_table_no_index(const char *modules_dir, struct error **err)
{
	_cleanup_free_ char *command = depmod_command(modules_dir);

	return error_make(err, ENOENT, "'%s' has no modules.dep: make it with '%s'", modules_dir,
			  command ? command : "depmod");
}

int module_table_open(struct module_table *table, const char *modules_dir, struct error **err)
{
	int r = modindex_open(modules_dir, &table->index, err);

	if (r < 0)
		return r;
	if (!table->index.dep_text)
		return module_table_no_index(modules_dir, err);
	r = module_table_fill(table, err);
	return r < 0 ? error_wrap(err, "%s", modules_dir) : 0;
}

struct module *module_table_find(const struct module_table *table, const char *name)
{
	return module_table_find_path(table, name, strlen(name));
}

struct module *module_table_find_path(const struct module_table *table, const char *path,
				      size_t len)
{
	const struct kernel_module *found = modindex_find_path(&table->index, path, len);

	return found && found->path ? &table->modules[found->index] : NULL;
}

bool module_table_is_builtin(const struct module_table *table, const char *name)
{
	const struct kernel_module *found = modindex_find_path(&table->index, name, strlen(name));

	return found && !found->path;
}

bool module_table_lacks(const struct module_table *table, const char *name)
{
	return table->index.builtin_count && !modindex_find(&table->index, name);
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
	char normal[MODULE_NAME_SIZE];
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

bool module_is_inflated(const struct module_table *table, const struct module *module)
{
	return table->inflated || module->inflated;
}

size_t module_path_len(const struct module_table *table, const char *path, size_t len)
{
	const struct module *module = module_table_find_path(table, path, len);
	const bool inflated = module && module_is_inflated(table, module);
	const char *end = inflated ? memmem(path, len, ".ko.", 4) : NULL;

	return end ? (size_t)(end + 3 - path) : len;
}

void module_table_release(struct module_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->modules[i].reason);
	free(table->modules);
	modindex_close(&table->index);
	*table = (struct module_table){ 0 };
}
