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

static int add_softdeps(struct resolver *resolver, const struct kernel_module *module,
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
static int add_with_softdeps(struct resolver *resolver, const struct kernel_module *module,
			     bool required)
{
	int r;

	if (item_of(resolver->list, module))
		return loadlist_append(resolver->list, module, required);
	r = add_softdeps(resolver, module, DEPENDENCY_PRE);
	if (r == 0)
		r = loadlist_append(resolver->list, module, required);
	return r < 0 ? r : add_softdeps(resolver, module, DEPENDENCY_POST);
}

/* Dependencies first; modules.dep names first what is to be loaded last. */
static int loadlist_add_module(struct resolver *resolver, const struct kernel_module *module,
			       bool required)
{
	const char *deps = module->deps, *end = deps + strlen(deps);
	int r = 0;

	if (resolver->visited[module->index])
		return 0;
	resolver->visited[module->index] = true;
	while (r == 0 && end > deps) {
		const struct kernel_module *dep;
		const char *start;

		while (end > deps && end[-1] == ' ')
			end--;
		for (start = end; start > deps && start[-1] != ' '; start--)
			;
		if (start == end)
			break;
		dep = modindex_find_path(resolver->index, start, (size_t)(end - start));
		if (dep)
			r = add_with_softdeps(resolver, dep, required);
		end = start;
	}
	return r < 0 ? r : add_with_softdeps(resolver, module, required);
}

static int add_names(struct resolver *resolver, const char **names, size_t count,
		     bool use_blacklist, bool required)
{
	int r = 0;
	bool known = false;

	for (size_t i = 0; i < count && r == 0; i++) {
		const struct kernel_module *module = modindex_find(resolver->index, names[i]);

		if (!module)
			continue;
		known = true;
		if (use_blacklist && modconfig_is_blacklisted(resolver->config, module->name))
			msg(MSG_DEBUG, "%s is blacklisted", module->name);
		else
			r = loadlist_add_module(resolver, module, required);
	}
	return r < 0 ? r : known ? 0 : -ENOENT;
}

/* The modules that the settings' aliases give to a folded name. */
static int add_from_settings(struct resolver *resolver, const char *name, bool required)
{
	const struct setting *s;
	int found = -ENOENT;
	size_t at = 0;

	while ((s = modconfig_next(resolver->config, SETTING_ALIAS, name, &at))) {
		size_t n = strcspn(s->value, " \t");
		_cleanup_free_ char *target = strndup(s->value, n);
		const char *one[] = { target };
		int r = target ? add_names(resolver, one, 1, true, required) : -ENOMEM;

		if (r != -ENOENT)
			found = r;
		if (r == -ENOMEM)
			return r;
	}
	return found;
}

/* In libkmod's order: aliases of modprobe.d, modules by name, modules.alias, what is built in. */
static int add_name(struct resolver *resolver, const char *name, bool required)
{
	_cleanup_free_ const char **names = NULL;
	_cleanup_free_ char *folded = strdup(name);
	const struct kernel_module *module;
	size_t count;
	int r;

	if (!folded)
		return -ENOMEM;
	module_name_fold(folded);
	r = add_from_settings(resolver, folded, required);
	if (r != -ENOENT)
		return r;
	module = modindex_find(resolver->index, name);
	if (module && module->path)
		return loadlist_add_module(resolver, module, required);
	r = modindex_match(resolver->index, name, &names, &count);
	if (r == 0)
		r = add_names(resolver, names, count, true, required);
	return r == -ENOENT && module ? loadlist_add_module(resolver, module, required) : r;
}

static int add_listed(struct resolver *resolver, const char *value, enum dependency_list list)
{
	struct dependency_cursor cursor = { .rest = value };
	struct line_part part;
	int r = 0;

	while (r == 0 && dependency_next(&cursor, &part)) {
		_cleanup_free_ char *name = NULL;

		if (cursor.list != list)
			continue;
		name = strndup(part.text, part.len);
		r = name ? add_name(resolver, name, false) : -ENOMEM;
		if (r == -ENOENT)
			r = 0;
	}
	return r;
}

/* The first line counts alone, as in modprobe; one of the settings before depmod's. */
static int add_softdeps(struct resolver *resolver, const struct kernel_module *module,
			enum dependency_list list)
{
	const struct module_dependency *line;
	const struct setting *s;
	size_t at = 0;

	s = modconfig_next(resolver->config, SETTING_SOFTDEP, module->name, &at);
	if (s)
		return add_listed(resolver, s->value, list);
	at = 0;
	line = dependency_lines_next(&resolver->index->softdeps, module->name, &at);
	return line ? add_listed(resolver, line->value, list) : 0;
}

int loadlist_add(struct loadlist *list, struct modindex *index, const struct modconfig *config,
		 const char *name)
{
	_cleanup_free_ bool *visited =
		calloc(index->count + index->builtin_count + 1, sizeof(*visited));
	struct resolver resolver = {
		.index = index, .config = config, .list = list, .visited = visited
	};

	return visited ? add_name(&resolver, name, true) : -ENOMEM;
}

void loadlist_free(struct loadlist *list)
{
	free(list->items);
	*list = (struct loadlist){ 0 };
}
