// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/loadlist.h"

#include <errno.h>
#include <string.h>

#include "common/modules/line.h"
#include "common/modules/name.h"
#include "common/msg.h"

struct resolver {
	struct modindex *index;
	const struct modconfig *config;
	struct loadlist *list;
	bool *visited; /* by module; softdeps may run in circles */
};

static int add_softdeps(struct resolver *r, const struct kernel_module *module,
			enum dependency_list list);

static struct load_item *item_of(struct loadlist *list, const struct kernel_module *module)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].module == module)
			return &list->items[i];
	return NULL;
}

static int loadlist_append(struct loadlist *list, const struct kernel_module *module, bool required)
{
	struct load_item *item = item_of(list, module);

	if (item) {
		item->required |= required;
		return 0;
	}
	item = reallocarray(list->items, list->count + 1, sizeof(*item));
	if (!item)
		return -ENOMEM;
	list->items = item;
	list->items[list->count++] = (struct load_item){ .module = module, .required = required };
	return 0;
}

/* A module between the softdeps that want to be before and after it. */
static int add_with_softdeps(struct resolver *r, const struct kernel_module *module, bool required)
{
	int code;

	if (item_of(r->list, module))
		return loadlist_append(r->list, module, required);
	code = add_softdeps(r, module, DEPENDENCY_PRE);
	if (code == 0)
		code = loadlist_append(r->list, module, required);
	return code < 0 ? code : add_softdeps(r, module, DEPENDENCY_POST);
}

/* Dependencies first; modules.dep names first what is to be loaded last. */
static int loadlist_add_module(struct resolver *r, const struct kernel_module *module,
			       bool required)
{
	const char *deps = module->deps, *end = deps + strlen(deps);
	int code = 0;

	if (r->visited[module->index])
		return 0;
	r->visited[module->index] = true;
	while (code == 0 && end > deps) {
		const struct kernel_module *dep;
		const char *start;

		while (end > deps && end[-1] == ' ')
			end--;
		for (start = end; start > deps && start[-1] != ' '; start--)
			;
		if (start == end)
			break;
		dep = modindex_find_path(r->index, start, (size_t)(end - start));
		if (dep)
			code = add_with_softdeps(r, dep, required);
		end = start;
	}
	return code < 0 ? code : add_with_softdeps(r, module, required);
}

static int add_names(struct resolver *r, const char **names, size_t count, bool use_blacklist,
		     bool required)
{
	int code = 0;
	bool known = false;

	for (size_t i = 0; i < count && code == 0; i++) {
		const struct kernel_module *module = modindex_find(r->index, names[i]);

		if (!module)
			continue;
		known = true;
		if (use_blacklist && modconfig_is_blacklisted(r->config, module->name))
			msg(MSG_DEBUG, "%s is blacklisted", module->name);
		else
			code = loadlist_add_module(r, module, required);
	}
	return code < 0 ? code : known ? 0 : -ENOENT;
}

/* The modules that the settings' aliases give to a folded name. */
static int add_from_settings(struct resolver *r, const char *name, bool required)
{
	const struct setting *s;
	int found = -ENOENT;
	size_t at = 0;

	while ((s = modconfig_next(r->config, SETTING_ALIAS, name, &at))) {
		size_t n = strcspn(s->value, " \t");
		_cleanup_free_ char *target = strndup(s->value, n);
		const char *one[] = { target };
		int code = target ? add_names(r, one, 1, true, required) : -ENOMEM;

		if (code != -ENOENT)
			found = code;
		if (code == -ENOMEM)
			return code;
	}
	return found;
}

/* In libkmod's order: aliases of modprobe.d, modules by name, modules.alias, what is built in. */
static int add_name(struct resolver *r, const char *name, bool required)
{
	_cleanup_free_ const char **names = NULL;
	_cleanup_free_ char *folded = strdup(name);
	const struct kernel_module *module;
	size_t count;
	int code;

	if (!folded)
		return -ENOMEM;
	module_name_fold(folded);
	code = add_from_settings(r, folded, required);
	if (code != -ENOENT)
		return code;
	module = modindex_find(r->index, name);
	if (module && module->path)
		return loadlist_add_module(r, module, required);
	code = modindex_match(r->index, name, &names, &count);
	if (code == 0)
		code = add_names(r, names, count, true, required);
	return code == -ENOENT && module ? loadlist_add_module(r, module, required) : code;
}

static int add_listed(struct resolver *r, const char *value, enum dependency_list list)
{
	struct dependency_cursor cursor = { .rest = value };
	struct line_part part;
	int code = 0;

	while (code == 0 && dependency_next(&cursor, &part)) {
		_cleanup_free_ char *name = NULL;

		if (cursor.list != list)
			continue;
		name = strndup(part.text, part.len);
		code = name ? add_name(r, name, false) : -ENOMEM;
		if (code == -ENOENT)
			code = 0;
	}
	return code;
}

/* The first line counts alone, as in modprobe; one of the settings before depmod's. */
static int add_softdeps(struct resolver *r, const struct kernel_module *module,
			enum dependency_list list)
{
	const struct module_dependency *line;
	const struct setting *s;
	size_t at = 0;

	s = modconfig_next(r->config, SETTING_SOFTDEP, module->name, &at);
	if (s)
		return add_listed(r, s->value, list);
	at = 0;
	line = dependency_lines_next(&r->index->softdeps, module->name, &at);
	return line ? add_listed(r, line->value, list) : 0;
}

int loadlist_add(struct loadlist *list, struct modindex *index, const struct modconfig *config,
		 const char *name)
{
	_cleanup_free_ bool *visited =
		calloc(index->count + index->builtin_count + 1, sizeof(*visited));
	struct resolver r = { .index = index, .config = config, .list = list, .visited = visited };

	return visited ? add_name(&r, name, true) : -ENOMEM;
}

void loadlist_free(struct loadlist *list)
{
	free(list->items);
	*list = (struct loadlist){ 0 };
}
