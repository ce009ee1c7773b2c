// SPDX-License-Identifier: GPL-2.0-or-later
/* `binary PATH...`, and the program that stands in for a driver that the kernel lacks */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/resolve/binary.h"

/* The target of a symlink as the image has it: bare names stay, paths move with their directories.
 */
static char *image_target(const char *target)
{
	_cleanup_free_ char *path = NULL;
	char *result;

	if (*target != '/')
		return strdup(target);
	path = plan_image_path(target);
	if (!path || asprintf(&result, "/%s", path) < 0)
		return NULL;
	return result;
}

/* "library of /usr/bin/x" with the path that x has in the image, so that the chain can be followed
 * there. */
static char *image_reason(const char *reason)
{
	const char *slash = strchr(reason, '/');
	_cleanup_free_ char *path = slash ? plan_image_path(slash) : NULL;
	char *result;

	if (!path || asprintf(&result, "%.*s/%s", (int)(slash - reason), reason, path) < 0)
		return NULL;
	return result;
}

static int binaries_add_file(struct planner *planner, const struct binary_file *file,
			     const struct cause *wanted, struct error **err)
{
	struct cause cause = *wanted;
	_cleanup_free_ char *target = NULL, *reason = NULL;

	if (file->reason) {
		reason = image_reason(file->reason);
		if (!reason)
			return error_no_memory(err);
		cause.reason = reason;
	}
	if (!file->target)
		return plan_add_source(planner, SEGMENT_MODULES, file->path, file->source,
				       file->size, 0755, &cause, err);
	target = image_target(file->target);
	if (!target)
		return error_no_memory(err);
	return plan_add_link(planner, SEGMENT_MODULES, file->path, target, &cause, err);
}

/* On a merged system /bin/x and /usr/bin/x may be links to each other: one place in the image. */
static bool leads_to_itself(const struct binary_file *file)
{
	_cleanup_free_ char *path = plan_image_path(file->path);
	_cleanup_free_ char *target = file->target ? plan_image_path(file->target) : NULL;

	return file->target && *file->target == '/' && path && target && strcmp(path, target) == 0;
}

static int add_new(struct planner *planner, const struct binary_set *set, size_t from,
		   const struct cause *cause, struct error **err)
{
	int r = 0;

	for (size_t i = from; r == 0 && i < set->files.len; i++)
		if (!leads_to_itself(set->files.items[i]))
			r = binaries_add_file(planner, set->files.items[i], cause, err);
	return r;
}

/* A program, or a library of the one before it. A '?' at the end marks what may be missing. */
static int add_named(struct binary_set *set, const char *arg, struct error **err)
{
	const size_t len = strlen(arg);
	const size_t before = set->files.len;
	const bool optional = arg[len - 1] == '?';
	_cleanup_free_ char *name = strndup(arg, len - optional);
	_cleanup_error_ struct error *problem = NULL;
	int r;

	if (!name)
		return error_no_memory(err);
	if (strchr(name, '/'))
		r = binary_set_add(set, name, &problem);
	else
		r = binary_set_add_loaded(set, name, &problem);
	/* only itself: what is there needs all of its libraries */
	if (r == -ENOENT && optional && set->files.len == before)
		return 0;
	return r == 0 ? 0 : error_move(err, steal_ptr(&problem));
}

static int add_statement(struct planner *planner, struct binary_set *set, const struct stmt *stmt,
			 struct error **err)
{
	bool has_failed = false; /* the program: its libraries would be named in vain */

	for (size_t i = 0; i < stmt->argc; i++) {
		_cleanup_error_ struct error *problem = NULL;
		_cleanup_free_ char *reason = NULL;
		struct cause cause = { stmt->argloc[i], NULL, PLAN_PROFILE };
		const size_t before = set->files.len;
		const bool is_program = strchr(stmt->argv[i], '/');
		int r;

		if (!is_program && has_failed)
			continue;
		r = add_named(set, stmt->argv[i], &problem);
		has_failed = r < 0 && is_program;
		if (r == -ENOMEM)
			return error_move(err, steal_ptr(&problem));
		if (r < 0) {
			stmt_diag(planner->diag, DIAG_ERROR, stmt, i, "%s", error_msg(problem));
			continue;
		}
		if (asprintf(&reason, "profile 'binary %s'", stmt->argv[i]) < 0)
			return error_no_memory(err);
		cause.reason = reason;
		r = add_new(planner, set, before, &cause, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The 64-bit loader of most systems is named below /lib64, whose other name must lead there. */
static int add_lib64(struct planner *planner, const struct binary_set *set, struct error **err)
{
	static const struct cause cause = { .reason = "other name of lib64" };
	const struct binary_file *file;

	vec_foreach(i, file, &set->files)
		if (strncmp(file->path, "/usr/lib64/", 11) == 0)
			return plan_add_link(planner, SEGMENT_MODULES, "usr/lib64", "../lib64",
					     &cause, err);
	return 0;
}

static int add_ntfs_3g(struct planner *planner, struct binary_set *set, struct error **err)
{
	_cleanup_free_ char *reason = NULL;
	struct cause cause = { planner->lacks_ntfs->loc, NULL, PLAN_PROFILE };
	size_t before = set->files.len;
	int r = plan_add_ntfs_3g(planner, set, &reason, err);

	cause.reason = reason;
	return r < 0 || !reason ? r : add_new(planner, set, before, &cause, err);
}

static int add_splash(struct planner *planner, struct binary_set *set, struct error **err)
{
	const struct stmt *stmt = profile_last(planner->profile, STMT_SPLASH);
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *reason = NULL;
	const size_t before = set->files.len;
	struct cause cause;
	int r;

	if (!stmt)
		return 0;
	cause = stmt_cause(stmt, &reason);
	r = plan_add_splash(planner, stmt, set, &problem);
	if (r == -ENOMEM)
		return error_move(err, steal_ptr(&problem));
	if (r < 0)
		stmt_diag(planner->diag, DIAG_ERROR, stmt, 0, "%s", error_msg(problem));
	return add_new(planner, set, before, &cause, err);
}

int plan_binaries(struct planner *planner, struct error **err)
{
	struct binary_set set;
	const struct stmt *stmt;
	int r;

	if (!profile_last(planner->profile, STMT_BINARY) &&
	    !profile_last(planner->profile, STMT_SPLASH) && !planner->lacks_ntfs)
		return 0;
	r = binary_set_open(&set, planner->host, err);
	vec_foreach(i, stmt, &planner->profile->stmts)
		if (r == 0 && stmt->kind == STMT_BINARY)
			r = add_statement(planner, &set, stmt, err);
	if (r == 0 && planner->lacks_ntfs)
		r = add_ntfs_3g(planner, &set, err);
	if (r == 0)
		r = add_splash(planner, &set, err);
	if (r == 0)
		r = add_lib64(planner, &set, err);
	binary_set_release(&set);
	return r;
}
