// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/command.h"
#include "builder/cmd/profile/directories.h"
#include "builder/cmd/profile/load.h"
#include "builder/resolve/module/group.h"
#include "builder/util/suggest.h"
#include "common/msg.h"

static void check_group(const struct stmt *stmt, size_t arg, struct diag *diag)
{
	const char *group = stmt->argv[arg] + 1, *near;

	/* "=drivers/net" is a directory, which only the tree of the kernel can tell */
	if (module_group_find(group) || strchr(group, '/'))
		return;
	near = suggest(group, module_group_name, NULL);
	stmt_diag(diag, DIAG_ERROR, stmt, arg, "unknown module group '=%s'%s%s%s", group,
		  near ? " (did you mean '=" : "", near ? near : "", near ? "'?)" : "");
}

/* The names of groups belong to the resolver, which profile_check does not know. */
static void check_groups(const struct profile *profile, struct diag *diag)
{
	const struct stmt *stmt;

	vec_foreach(i, stmt, &profile->stmts)
		for (size_t j = 0; stmt->kind == STMT_MODULE && j < stmt->argc; j++)
			if (stmt->argv[j][0] == '=' && stmt->argv[j][1])
				check_group(stmt, j, diag);
}

static int parse_all(struct profile *profile, const char *path, const struct vec *directives,
		     const struct profile_loader *loader, struct diag *diag, struct error **err)
{
	int r = path ? profile_parse(profile, path, loader, diag, err) : 0;
	const char *text;

	vec_foreach(i, text, directives) {
		if (r < 0)
			break;
		r = profile_parse_directive(profile, text, (unsigned)i + 1, loader, diag, err);
	}
	return r;
}

int load_profile_file(struct profile_directories *directories, const char *path,
		      const struct vec *directives, struct profile *ret, struct diag *diag,
		      struct error **err)
{
	struct profile_loader loader = profile_directories_loader(directories);
	int r = parse_all(ret, path, directives, &loader, diag, err);

	if (r < 0)
		return r;
	profile_check(ret, diag);
	check_groups(ret, diag);
	return 0;
}

static int load_and_report(const struct options *options, struct profile_directories *directories,
			   struct profile *ret, struct error **err)
{
	struct diag diag = { 0 };
	_cleanup_free_ char *path = NULL;
	int r = profile_directories_find(directories, options->profile, &path, err);

	if (r == 0)
		r = load_profile_file(directories, path, &options->directives, ret, &diag, err);
	if (r == 0 && (diag.errors || !options->quiet))
		diag_print(&diag, stderr);
	if (r == 0 && diag.errors)
		r = error_make(err, EINVAL, "profile '%s' has %zu error%s", path, diag.errors,
			       diag.errors == 1 ? "" : "s");
	diag_release(&diag);
	return r;
}

int load_profile(const struct options *options, const struct host *host, struct profile *ret)
{
	_cleanup_error_ struct error *err = NULL;
	struct profile_directories directories;
	int r;

	*ret = (struct profile){ 0 };
	r = profile_directories_init(&directories, host, &err);
	if (r == 0) {
		r = load_and_report(options, &directories, ret, &err);
		profile_directories_release(&directories);
	}
	if (r == 0)
		return STATUS_OK;
	profile_release(ret);
	msg(MSG_ERROR, "%s", error_msg(err));
	return r == -ENOMEM ? STATUS_FAILED : STATUS_PROFILE;
}
