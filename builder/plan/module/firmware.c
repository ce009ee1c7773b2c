// SPDX-License-Identifier: GPL-2.0-or-later
/* `firmware auto|none|PATH...` */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/plan/module/firmware.h"
#include "builder/resolve/firmware.h"
#include "builder/resolve/module/inflate.h"

static int firmware_add_file(struct planner *planner, const struct firmware_file *file,
			     const struct cause *cause, struct error **err)
{
	if (file->target)
		return plan_add_link(planner, SEGMENT_MODULES, file->path, file->target, cause,
				     err);
	return plan_add_source(planner,
			       inflate_codec(file->path) ? SEGMENT_STORED : SEGMENT_MODULES,
			       file->path, file->source, file->size, 0644, cause, err);
}

/* -ENOENT without *err: there is no such firmware. */
static int add_name(struct planner *planner, const char *name, const struct cause *cause,
		    struct error **err)
{
	struct vec files = { 0 };
	const struct firmware_file *file;
	int r = firmware_find(planner->host, name, &files, err);

	vec_foreach(i, file, &files)
		if (r == 0)
			r = firmware_add_file(planner, file, cause, err);
	vec_clear(&files, firmware_file_free);
	return r;
}

static int note_missing(struct planner *planner, const struct firmware_want *want,
			struct error **err)
{
	char *note;

	if (asprintf(&note, "no firmware '%s', which module '%s' may ask for", want->name,
		     want->module->name) < 0)
		note = NULL;
	return plan_note(&planner->plan->details, note, err);
}

static int add_want(struct planner *planner, const struct firmware_want *want, struct error **err)
{
	_cleanup_free_ char *reason = NULL;
	struct cause cause = { want->module->why, NULL, PLAN_BUILTIN };
	int r;

	if (asprintf(&reason, "firmware of %s", want->module->name) < 0)
		return error_no_memory(err);
	cause.reason = reason;
	r = add_name(planner, want->name, &cause, err);
	return r == -ENOENT ? note_missing(planner, want, err) : r;
}

static int add_auto(struct planner *planner, const struct module_table *table, struct error **err)
{
	struct vec wants = { 0 };
	const struct firmware_want *want;
	int r = 0;

	if (!firmware_tree(planner->host))
		return 0;
	r = firmware_wants(planner->host, table, &wants, err);
	vec_foreach(i, want, &wants)
		if (r == 0)
			r = add_want(planner, want, err);
	vec_clear(&wants, firmware_want_free);
	return r;
}

/* A path below lib/firmware, with or without that in front. */
static const char *below_tree(const char *path)
{
	static const char *const prefixes[] = { "/lib/firmware/", "/usr/lib/firmware/" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(path, prefixes[i], strlen(prefixes[i])) == 0)
			return path + strlen(prefixes[i]);
	return path;
}

static int add_paths(struct planner *planner, const struct stmt *stmt, struct error **err)
{
	for (size_t i = 0; i < stmt->argc; i++) {
		_cleanup_free_ char *reason = NULL;
		_cleanup_error_ struct error *problem = NULL;
		const struct cause cause = stmt_cause(stmt, &reason);
		const char *name = below_tree(stmt->argv[i]);
		int r = *name == '/' ? -ENOENT : add_name(planner, name, &cause, &problem);

		if (r == -ENOMEM)
			return error_no_memory(err);
		if (r == -ENOENT && !problem)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, i,
				  "no firmware '%s' below %s/lib/firmware", stmt->argv[i],
				  planner->host->sysroot);
		else if (r < 0)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, i, "%s", error_msg(problem));
	}
	return 0;
}

int plan_firmware(struct planner *planner, const struct module_table *table, struct error **err)
{
	bool automatic = true;
	const struct stmt *stmt;
	int r = 0;

	/* paths add up, and so does `auto`; `none` forgets what was said before */
	vec_foreach(i, stmt, &planner->profile->stmts) {
		if (stmt->kind != STMT_FIRMWARE)
			continue;
		automatic = strcmp(stmt->argv[0], "auto") == 0 ||
			    (automatic && strcmp(stmt->argv[0], "none") != 0);
	}
	vec_foreach(i, stmt, &planner->profile->stmts)
		if (r == 0 && stmt->kind == STMT_FIRMWARE && strcmp(stmt->argv[0], "auto") != 0 &&
		    strcmp(stmt->argv[0], "none") != 0)
			r = add_paths(planner, stmt, err);
	return r == 0 && automatic ? add_auto(planner, table, err) : r;
}
