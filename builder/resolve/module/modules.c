// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/modules.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "builder/resolve/module/group.h"
#include "builder/resolve/module/hardware.h"
#include "builder/util/strbuf.h"
#include "builder/util/suggest.h"
#include "common/modules/line.h"

/* Asked for by the kernel at run time, without a soft dependency that would tell. Names that do not
 * exist are passed over. */
static const struct companion {
	const char *module;
	const char *needs[6];
	const char *reason;
} companions[] = {
	{ "vfat", { "nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8" }, "character set of" },
	{ "msdos", { "nls_cp437", "nls_ascii", "nls_iso8859_1" }, "character set of" },
	{ "exfat", { "nls_utf8" }, "character set of" },
	{ "ntfs3", { "nls_utf8" }, "character set of" },
	{ "ntfs", { "nls_utf8" }, "character set of" },
	{ "isofs", { "nls_utf8", "nls_iso8859_1" }, "character set of" },
	{ "9p", { "9pnet_virtio" }, "transport of" },
	{ "nfs", { "nfsv3", "nfsv4", "nfsv2" }, "protocol version of" },
	{ "hid", { "hid_generic", "usbhid" }, "keyboard driver beside" },
	{ "mmc_core", { "mmc_block" }, "disk driver beside" },
	{ "libata", { "sd_mod" }, "disk driver beside" },
	{ "usb_storage", { "sd_mod", "uas" }, "disk driver beside" },
	{ "virtio_scsi", { "sd_mod" }, "disk driver beside" },
};

static int add_note(struct module_set *set, char *note)
{
	int r = note ? vec_push(set->notes, note) : -ENOMEM;

	if (r < 0)
		free(note);
	return r;
}

int module_set_open(struct module_set *set, const struct host *host, char *softdeps,
		    struct vec *notes, struct error **err)
{
	int r;

	set->notes = notes;
	r = dependency_lines_parse(&set->softdeps, "softdep", softdeps);
	if (r < 0)
		return error_no_memory(err);
	r = kmod_lookup_open(host->modules_dir, &set->lookup, err);
	if (r < 0)
		return r;
	r = module_table_open(&set->table, host->modules_dir, err);
	if (r < 0)
		return r;
	return module_origins_find(&set->origins, &set->table, host->modules_dir, err);
}

int module_set_blacklist(struct module_set *set, const char *name)
{
	struct module *module = module_table_find(&set->table, name);

	if (module)
		module->blacklisted = true;
	return !module;
}

/* relation: "needed by" when by is another module, else the whole reason. */
static int module_modules_choose(struct module_set *set, struct module *module, struct srcloc why,
				 const char *relation, const struct module *by);

static int note_blacklisted(struct module_set *set, const struct module *module,
			    const char *relation, const struct module *by)
{
	char *note;

	if (asprintf(&note, "module '%s' is left out by 'blacklist', but is wanted: %s%s%s",
		     module->name, relation, by ? " " : "", by ? by->name : "") < 0)
		note = NULL;
	return add_note(set, note);
}

/* All modules that `name` stands for; what the kernel holds itself needs nothing. */
static int choose_name(struct module_set *set, const char *name, struct srcloc why,
		       const char *relation, const struct module *by, size_t *ret_found)
{
	_cleanup_error_ struct error *err = NULL;
	struct vec names = { 0 };
	const char *found;
	int r = kmod_lookup_name(set->lookup, name, &names, &err);

	vec_foreach(i, found, &names) {
		struct module *module = module_table_find(&set->table, found);

		if (r == 0 && module)
			r = module_modules_choose(set, module, why, relation, by);
		if (module || module_table_is_builtin(&set->table, found))
			++*ret_found;
	}
	vec_clear(&names, free);
	return r;
}

static int choose_deps(struct module_set *set, const struct module *module)
{
	int r = 0;

	for (const char *dep = module->deps; r == 0 && *dep;) {
		size_t len = strcspn(dep, " ");
		struct module *needed = module_table_find_path(&set->table, dep, len);

		if (needed)
			r = module_modules_choose(set, needed, module->why, "needed by", module);
		dep += len + strspn(dep + len, " ");
	}
	return r;
}

/*
 * What the lines about a module name. All of them: modprobe heeds the first softdep alone, but what
 * the others name the driver may ask the kernel for.
 */
static int choose_listed(struct module_set *set, const struct module *module,
			 const struct dependency_lines *lines, enum dependency_list list,
			 const char *relation)
{
	const struct module_dependency *line;
	size_t at = 0, found = 0;
	int r = 0;

	while (r == 0 && (line = dependency_lines_next(lines, module->name, &at))) {
		struct dependency_cursor cursor = { .rest = line->value, .list = list };
		struct line_part part;

		while (r == 0 && dependency_next(&cursor, &part)) {
			_cleanup_free_ char *name = strndup(part.text, part.len);

			r = name ? choose_name(set, name, module->why, relation, module, &found)
				 : -ENOMEM;
		}
	}
	return r;
}

static int choose_companions(struct module_set *set, const struct module *module)
{
	const struct modindex *index = &set->table.index;
	int r = choose_listed(set, module, &set->softdeps, DEPENDENCY_NONE, "soft dependency of");

	if (r == 0)
		r = choose_listed(set, module, &index->softdeps, DEPENDENCY_NONE,
				  "soft dependency of");
	if (r == 0)
		r = choose_listed(set, module, &index->weakdeps, DEPENDENCY_WEAK,
				  "weak dependency of");
	for (size_t i = 0; i < ARRAY_SIZE(companions); i++) {
		if (strcmp(companions[i].module, module->name) != 0)
			continue;
		for (const char *const *n = companions[i].needs; r == 0 && *n; n++) {
			struct module *needed = module_table_find(&set->table, *n);

			if (needed)
				r = module_modules_choose(set, needed, module->why,
							  companions[i].reason, module);
		}
	}
	return r;
}

/* The recursion ends because each module is chosen once; its depth is that of the dependency graph.
 */
static int module_modules_choose(struct module_set *set, struct module *module, struct srcloc why,
				 const char *relation, const struct module *by)
{
	int r;

	if (module->chosen)
		return 0;
	if (module->blacklisted)
		return note_blacklisted(set, module, relation, by);
	module->chosen = true;
	module->why = why;
	if (asprintf(&module->reason, "%s%s%s", relation, by ? " " : "", by ? by->name : "") < 0) {
		module->reason = NULL;
		return -ENOMEM;
	}
	r = choose_deps(set, module);
	return r < 0 ? r : choose_companions(set, module);
}

/* The bare path of a glob with '/': "kernel/" and ".ko*" may be left out. */
static bool path_matches(const char *glob, const char *path)
{
	char bare[512];
	size_t len = strcspn(path, "");
	const char *end = strstr(path, ".ko");

	if (fnmatch(glob, path, FNM_PATHNAME) == 0)
		return true;
	if (end)
		len = (size_t)(end - path);
	if (len >= sizeof(bare))
		return false;
	memcpy(bare, path, len);
	bare[len] = '\0';
	if (fnmatch(glob, bare, FNM_PATHNAME) == 0)
		return true;
	return strncmp(bare, "kernel/", 7) == 0 && fnmatch(glob, bare + 7, FNM_PATHNAME) == 0;
}

/* "virtio-*" means "virtio_*"; inside brackets a '-' is a range. */
static char *normal_glob(const char *glob)
{
	char *normal = strdup(glob);
	bool bracket = false;

	for (char *p = normal; p && *p; p++) {
		bracket = *p == '[' || (bracket && *p != ']');
		if (*p == '-' && !bracket)
			*p = '_';
	}
	return normal;
}

static int modules_add_glob(struct module_set *set, const char *spec, struct srcloc why,
			    const char *reason, size_t *ret_found)
{
	_cleanup_free_ char *glob = normal_glob(spec);
	int r = glob ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < set->table.count; i++) {
		struct module *module = &set->table.modules[i];
		bool matches = strchr(spec, '/') ? path_matches(spec, module->path) ||
							   path_matches(spec, module->place)
						 : fnmatch(glob, module->name, 0) == 0;

		if (!matches)
			continue;
		++*ret_found;
		r = module_modules_choose(set, module, why, reason, NULL);
	}
	return r;
}

static bool below(const char *directory, const char *path)
{
	size_t len = strlen(directory);

	while (len && directory[len - 1] == '/')
		len--;
	if (strncmp(path, "kernel/", 7) == 0 && strncmp(directory, "kernel/", MIN(len, 7)) != 0)
		path += 7;
	return len && strncmp(path, directory, len) == 0 && path[len] == '/';
}

/* A group is no wish for each of its members: what is blacklisted goes without a note, and so do
 * drivers of hardware that no listed machine has. */
static int choose_member(struct module_set *set, struct module *module, struct srcloc why,
			 const char *reason)
{
	_cleanup_free_ char *found = NULL;

	if (module->blacklisted || (set->limited && hardware_lacks(module)))
		return 0;
	if (!set->limited || !module->hardware)
		return module_modules_choose(set, module, why, reason, NULL);
	if (asprintf(&found, "%s, for hardware %s", reason, module->hardware) < 0) {
		found = NULL;
		return -ENOMEM;
	}
	return module_modules_choose(set, module, why, found, NULL);
}

/* "=NAME": a group, or any directory of the module tree. */
static int add_group(struct module_set *set, const char *name, struct srcloc why,
		     const char *reason, size_t *ret_found)
{
	const struct module_group *group = module_group_find(name);
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->table.count; i++) {
		struct module *module = &set->table.modules[i];

		if (group ? !module_group_has(group, module->place)
			  : !below(name, module->path) && !below(name, module->place))
			continue;
		++*ret_found;
		r = choose_member(set, module, why, reason);
	}
	/* a kernel may have all of a group built in */
	*ret_found += group != NULL;
	return r;
}

static int not_found(struct module_set *set, const char *spec, struct error **err)
{
	_cleanup_free_ char *near = NULL;

	if (*spec == '=')
		return error_make(
			err, ENOENT,
			"no module group or directory of the module tree is called '%s'%s", spec,
			suggest_phrase(spec + 1, module_group_name, NULL).text);
	if (strpbrk(spec, "*?[") || strchr(spec, ':'))
		return error_make(err, ENOENT, "no module of this kernel matches '%s'", spec);
	near = module_table_near(&set->table, spec);
	return error_make(err, ENOENT, "this kernel has no module '%s'%s%s%s", spec,
			  near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int add_kind(struct module_set *set, const char *spec, struct srcloc why, const char *reason,
		    size_t *ret_found)
{
	if (*spec == '=')
		return add_group(set, spec + 1, why, reason, ret_found);
	if (strpbrk(spec, "*?[") && !strchr(spec, ':'))
		return modules_add_glob(set, spec, why, reason, ret_found);
	return choose_name(set, spec, why, reason, NULL, ret_found);
}

int module_set_add(struct module_set *set, const char *spec, struct srcloc why, struct error **err)
{
	size_t len = strlen(spec), found = 0;
	bool optional = len > 1 && spec[len - 1] == '?';
	_cleanup_free_ char *bare = strndup(spec, len - optional), *reason = NULL;
	int r;

	if (!bare || asprintf(&reason, "profile 'module %s'", spec) < 0)
		return error_no_memory(err);
	r = add_kind(set, bare, why, reason, &found);
	if (r < 0)
		return error_no_memory(err);
	return found || optional ? 0 : not_found(set, bare, err);
}

void module_set_release(struct module_set *set)
{
	module_table_release(&set->table);
	module_origins_release(&set->origins);
	kmod_lookup_close(set->lookup);
	free(set->softdeps.lines);
	free(set->softdeps.text);
	*set = (struct module_set){ 0 };
}
