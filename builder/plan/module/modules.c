// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel modules and their indexes. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"
#include "builder/plan/internal.h"
#include "builder/plan/module/firmware.h"
#include "builder/plan/module/hardware.h"
#include "builder/plan/module/modprobe.h"
#include "builder/profile/value.h"
#include "builder/resolve/module/depmod.h"
#include "builder/resolve/module/index.h"
#include "builder/resolve/module/inflate.h"

static const struct cause index_cause = { .reason = "index of the modules inside" };

static int choose_for(struct planner *planner, struct module_set *set, const struct stmt *stmt,
		      const char *module)
{
	_cleanup_error_ struct error *problem = NULL;
	int r = module_set_add(set, module, stmt->loc, &problem);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		stmt_diag(planner->diag, DIAG_ERROR, stmt, 0, "%s", error_msg(problem));
	return 0;
}

/* A disk of the network: what talks to its server. A kernel may have some of it built in, or not at
 * all. */
static int choose_for_image(struct planner *planner, struct module_set *set)
{
	static const char *const wanted[] = { "=net", "=virtio", "nbd" };
	const struct stmt *image = profile_last(planner->profile, STMT_IMAGE);
	const struct stmt *verify = profile_last(planner->profile, STMT_VERIFY);
	int r = 0;

	for (size_t i = 0;
	     r == 0 && image && after_prefix(image->argv[0], "nbd://") && i < ARRAY_SIZE(wanted);
	     i++)
		r = choose_for(planner, set, image, wanted[i]);
	if (r == 0 && verify && after_prefix(verify->argv[0], "verity:"))
		r = choose_for(planner, set, verify, "dm-verity");
	return r;
}

static int modules_choose(struct planner *planner, struct module_set *set,
			  struct hardware *hardware, struct error **err)
{
	const struct stmt *stmt;
	int r;

	vec_foreach(i, stmt, &planner->profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_BLACKLIST && k < stmt->argc; k++)
			module_set_blacklist(set, stmt->argv[k]);
	r = plan_hardware(planner, set, hardware, err);
	if (r < 0)
		return r;
	vec_foreach(i, stmt, &planner->profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_MODULE && k < stmt->argc; k++) {
			_cleanup_error_ struct error *problem = NULL;

			r = module_set_add(set, stmt->argv[k], stmt->argloc[k], &problem);
			if (r == -ENOMEM)
				return error_move(err, steal_ptr(&problem));
			if (r < 0)
				stmt_diag(planner->diag, DIAG_ERROR, stmt, k, "%s",
					  error_msg(problem));
		}
	if (choose_for_image(planner, set) < 0)
		return error_sys(err, ENOMEM, "cannot choose modules");
	return plan_choose_verifier(planner, set, err);
}

/* Whether the kernel takes a module in this codec as it is: 'y', 'n', or '?' when there is no
 * configuration that tells. */
static char kernel_inflates(const struct host *host, const char *codec)
{
	static const char *const options[][2] = {
		{ "xz", "MODULE_COMPRESS_XZ" },
		{ "zst", "MODULE_COMPRESS_ZSTD" },
		{ "gz", "MODULE_COMPRESS_GZIP" },
	};
	char able = host_kernel_config(host, "MODULE_DECOMPRESS");

	if (able != 'y')
		return able == '?' ? '?' : 'n';
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i][0], codec) == 0)
			return host_kernel_config(host, options[i][1]) == 'y' ? 'y' : 'n';
	return 'n';
}

/* MODULE_DECOMPRESS came with 5.17. */
static bool is_new(const char *kver)
{
	unsigned major = 0, minor = 0;

	return sscanf(kver, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 17));
}

static int note_guess(struct planner *planner, const char *codec, bool stored, struct error **err)
{
	const struct host *host = planner->host;
	char *note;

	if (asprintf(&note,
		     "no configuration of kernel %s to read: taking its .%s modules %s because it "
		     "is %s",
		     host->kver, codec, stored ? "as they are" : "decompressed",
		     stored ? "5.17 or newer" : "older than 5.17") < 0)
		note = NULL;
	return plan_note(&planner->plan->details, note, err);
}

/* One module that this kernel cannot decompress is enough to decompress all: the indexes then name
 * plain .ko files. */
static int decide_inflating(struct planner *planner, struct module_table *table, struct error **err)
{
	const char *decided = "";

	for (size_t i = 0; i < table->count && !table->inflated; i++) {
		const struct module *module = &table->modules[i];
		const char *codec = module->chosen ? inflate_codec(module->path) : NULL;
		char able;
		int r;

		if (!codec || strcmp(codec, decided) == 0)
			continue;
		decided = codec;
		able = kernel_inflates(planner->host, codec);
		table->inflated = able == 'n' || (able == '?' && !is_new(planner->host->kver));
		r = able == '?' ? note_guess(planner, codec, !table->inflated, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_inflated(struct planner *planner, const char *path, const char *source,
			const struct cause *cause, struct error **err)
{
	char *data;
	size_t len;
	int r = inflate_file(source, &data, &len, err);

	if (r < 0)
		return r;
	return plan_add_data(planner, SEGMENT_MODULES, path, data, len, 0644, cause, err);
}

static int add_as_is(struct planner *planner, enum segment_kind segment, const char *path,
		     const char *source, const struct cause *cause, struct error **err)
{
	struct stat st;

	if (stat(source, &st) < 0)
		return error_sys(err, errno, "modules.dep names '%s', which cannot be read",
				 source);
	return plan_add_source(planner, segment, path, source, (uint64_t)st.st_size, 0644, cause,
			       err);
}

static int modules_add_module(struct planner *planner, const struct module_table *table,
			      const struct module *module, struct error **err)
{
	const struct host *host = planner->host;
	const struct cause cause = { module->why, module->reason, PLAN_PROFILE };
	bool compressed = inflate_codec(module->path) != NULL;
	_cleanup_free_ char *path = NULL, *source = NULL;
	int r;

	if (asprintf(&path, "lib/modules/%s/%.*s", host->kver,
		     (int)module_path_len(table, module->path, strlen(module->path)),
		     module->path) < 0)
		return error_no_memory(err);
	r = host_resolve_below(host, host->modules_dir, module->path, &source, err);
	if (r == -ENOENT)
		return depmod_is_stale(host->modules_dir, module->path, err);
	if (r < 0)
		return error_wrap(err, "modules.dep");
	if (compressed && module_is_inflated(table, module))
		return add_inflated(planner, path, source, &cause, err);
	return add_as_is(planner, compressed ? SEGMENT_STORED : SEGMENT_MODULES, path, source,
			 &cause, err);
}

static int add_index(struct planner *planner, const char *name, char *text, size_t len,
		     struct error **err)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "lib/modules/%s/%s", planner->host->kver, name) < 0) {
		free(text);
		return error_no_memory(err);
	}
	return plan_add_data(planner, SEGMENT_MODULES, path, text, len, 0644, &index_cause, err);
}

static int add_indexes(struct planner *planner, const struct module_table *table,
		       struct error **err)
{
	static const struct {
		const char *name;
		int (*make)(const struct module_table *, const char *, char **, size_t *,
			    struct error **);
	} indexes[] = { { "modules.alias", module_index_alias },
			{ "modules.softdep", module_index_softdep },
			{ "modules.builtin", module_index_builtin } };
	size_t len = 0;
	char *text = module_index_dep(table, &len);
	int r = text ? add_index(planner, "modules.dep", text, len, err) : error_no_memory(err);

	if (r == 0)
		r = plan_index_first(planner, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(indexes); i++) {
		r = indexes[i].make(table, planner->host->modules_dir, &text, &len, err);
		if (r == 0 && text)
			r = add_index(planner, indexes[i].name, text, len, err);
	}
	return r;
}

static int add_chosen(struct planner *planner, struct module_table *table, struct error **err)
{
	int r = decide_inflating(planner, table, err);

	if (r == 0)
		plan_inflate_usual(table);
	for (size_t i = 0; r == 0 && i < table->count; i++)
		if (table->modules[i].chosen)
			r = modules_add_module(planner, table, &table->modules[i], err);
	return r < 0 ? r : add_indexes(planner, table, err);
}

static int modules_open(struct planner *planner, struct module_set *set,
			struct modprobe_config *config, struct error **err)
{
	char *softdeps;
	int r = 0;

	if (plan_modprobe_wanted(planner))
		r = modprobe_read(config, planner->host, &planner->plan->notes, err);
	if (r < 0)
		return r;
	softdeps = modprobe_softdeps(config);
	if (!softdeps)
		return error_no_memory(err);
	r = module_set_open(set, planner->host, softdeps, &planner->plan->notes, err);
	return r < 0 ? r : plan_modprobe_forbid(planner, config, set, err);
}

int plan_modules(struct planner *planner, struct error **err)
{
	struct modprobe_config config = { 0 };
	struct hardware hardware = { 0 };
	struct module_set set = { 0 };
	int r = modules_open(planner, &set, &config, err);

	if (r == 0)
		r = modules_choose(planner, &set, &hardware, err);
	if (r == 0)
		r = plan_look_for_file_systems(planner, &set.table, err);
	if (r == 0)
		r = plan_warn_missing(planner, &set.table, err);
	if (r == 0)
		r = add_chosen(planner, &set.table, err);
	if (r == 0)
		r = plan_modprobe(planner, &config, &set.table, err);
	if (r == 0)
		r = plan_firmware(planner, &set.table, err);
	module_set_release(&set);
	hardware_release(&hardware);
	modprobe_release(&config);
	return r;
}
