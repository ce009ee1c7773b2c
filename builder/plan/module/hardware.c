// SPDX-License-Identifier: GPL-2.0-or-later
/* `hardware host|FILE...`: of the groups that `module` names, only drivers of these machines. */
#include "builder/plan/module/hardware.h"

#include <errno.h>
#include <string.h>

#include "builder/resolve/tree.h"

/* Those of a machine that boots, where the profile names none */
static const char *const usual_groups[] = { "=block", "=usb", "=virtio", "=net", "=hid" };

static int read_glob(const char *pattern, struct hardware *hardware, struct error **problem)
{
	struct vec paths = { 0 };
	const char *path;
	int r = tree_glob(pattern, &paths, problem);

	vec_foreach(i, path, &paths)
		if (r == 0)
			r = hardware_read(hardware, path, problem);
	vec_clear(&paths, free);
	return r;
}

static int read_argument(const struct stmt *stmt, size_t arg, struct hardware *hardware,
			 struct error **problem)
{
	_cleanup_free_ char *path = NULL;

	if (strcmp(stmt->argv[arg], "host") == 0)
		return hardware_scan(hardware, "", problem);
	path = plan_source_path(stmt, stmt->argv[arg]);
	if (!path)
		return -ENOMEM;
	return strpbrk(path, "*?[") ? read_glob(path, hardware, problem)
				    : hardware_read(hardware, path, problem);
}

/* *ret_last is the last statement, NULL when there is none. */
static int read_all(struct planner *planner, struct hardware *hardware,
		    const struct stmt **ret_last, struct error **err)
{
	const struct stmt *stmt;

	vec_foreach(i, stmt, &planner->profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_HARDWARE && k < stmt->argc; k++) {
			_cleanup_error_ struct error *problem = NULL;
			int r = read_argument(stmt, k, hardware, &problem);

			if (r == -ENOMEM)
				return error_no_memory(err);
			if (r < 0)
				stmt_diag(planner->diag, DIAG_ERROR, stmt, k, "%s",
					  error_msg(problem));
			*ret_last = stmt;
		}
	return 0;
}

static bool names_group(const struct profile *profile)
{
	const struct stmt *stmt;

	vec_foreach(i, stmt, &profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_MODULE && k < stmt->argc; k++)
			if (*stmt->argv[k] == '=')
				return true;
	return false;
}

int plan_hardware(struct planner *planner, struct module_set *set, struct hardware *hardware,
		  struct error **err)
{
	const struct stmt *stmt = NULL;
	int r = read_all(planner, hardware, &stmt, err);

	if (r < 0 || !stmt)
		return r;
	r = hardware_mark(hardware, &set->table, err);
	set->limited = true;
	for (size_t i = 0; r == 0 && !names_group(planner->profile) && i < ARRAY_SIZE(usual_groups);
	     i++)
		r = module_set_add(set, usual_groups[i], stmt->loc, err);
	return r;
}
