// SPDX-License-Identifier: GPL-2.0-or-later
/* `modprobe auto|system|none`: what the system's modprobe.d says of the modules in the image */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/module/modprobe.h"
#include "builder/util/strbuf.h"

bool plan_modprobe_wanted(const struct planner *planner)
{
	const struct stmt *stmt = profile_last(planner->profile, STMT_MODPROBE);

	if (!stmt || strcmp(stmt->argv[0], "auto") == 0)
		return !*planner->host->sysroot;
	return strcmp(stmt->argv[0], "system") == 0;
}

int plan_modprobe_forbid(struct planner *planner, const struct modprobe_config *config,
			 struct module_set *set, struct error **err)
{
	_cleanup_strbuf_ struct strbuf names = { 0 };
	const struct modprobe_line *line, *first = NULL;
	char *note = NULL;

	vec_foreach(i, line, &config->lines) {
		if (!modprobe_forbids(line) || module_set_blacklist(set, line->name))
			continue;
		strbuf_printf(&names, "%s%s", first ? ", " : "", line->name);
		first = first ? first : line;
	}
	if (!first)
		return 0;
	if (names.failed || asprintf(&note,
				     "the system forbids these modules by 'install' lines (the "
				     "first: %s:%u), so they are left "
				     "out: %s; 'modprobe none' takes them",
				     first->file, first->number, names.text) < 0)
		note = NULL;
	return plan_note(&planner->plan->notes, note, err);
}

/* The module that a line is about: chosen, or of no interest. */
static const struct module *module_of(const struct module_table *table,
				      const struct modprobe_line *line)
{
	const char *name = line->kind == MODPROBE_ALIAS ? line->rest : line->name;
	const struct module *module = module_table_find(table, name);

	return module && module->chosen ? module : NULL;
}

static int note_install(struct planner *planner, const struct modprobe_line *line,
			struct error **err)
{
	char *note;

	if (asprintf(&note,
		     "%s:%u: the command of 'install %s' is not run at boot: the module is loaded "
		     "as it is; "
		     "'blacklist %s' in the profile leaves it out",
		     line->file, line->number, line->name, line->name) < 0)
		note = NULL;
	return plan_note(&planner->plan->notes, note, err);
}

int plan_modprobe(struct planner *planner, const struct modprobe_config *config,
		  const struct module_table *table, struct error **err)
{
	static const struct cause cause = { .reason = "settings of the system, modprobe.d" };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const struct modprobe_line *line;
	const char *file = NULL;
	size_t len;
	char *data;
	int r = 0;

	vec_foreach(i, line, &config->lines) {
		if (r < 0 || !module_of(table, line))
			continue;
		if (line->kind == MODPROBE_INSTALL) {
			r = modprobe_forbids(line) ? 0 : note_install(planner, line, err);
			continue;
		}
		if (line->file != file)
			strbuf_printf(&text, "# %s\n", line->file);
		file = line->file;
		strbuf_printf(&text, "%s %s%s%s\n", modprobe_kind_name(line->kind), line->name,
			      *line->rest ? " " : "", line->rest);
	}
	if (r < 0 || !text.len)
		return r;
	len = text.len;
	data = strbuf_steal(&text);
	if (!data)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_MODULES, "lib/modprobe.d/system.conf", data, len,
			     0644, &cause, err);
}
