// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/profile-check.h"

#include <string.h>

#include "builder/profile-words.h"

static stmt_check *const checks[STMT_KINDS] = {
	[STMT_ROOT] = check_root,
	[STMT_IMAGE] = check_image,
	[STMT_HOST] = check_host,
	[STMT_PARTITION] = check_partition,
	[STMT_PERSIST] = check_persist,
	[STMT_SIZE] = check_size,
	[STMT_VERIFY] = check_verify,
	[STMT_MODULE] = check_module,
	[STMT_FIRMWARE] = check_firmware,
	[STMT_BLACKLIST] = check_blacklist,
	[STMT_BINARY] = check_binary,
	[STMT_FILE] = check_file,
	[STMT_DIR] = check_dir,
	[STMT_LINK] = check_link,
	[STMT_NODE] = check_node,
	[STMT_BUSYBOX] = check_busybox,
	[STMT_COMPRESS] = check_compress,
	[STMT_PARAM] = check_param,
	[STMT_HOOK] = check_hook,
	[STMT_MICROCODE] = check_microcode,
	[STMT_APPLET] = check_applet,
};

static bool check_count(const struct stmt *stmt, struct diag *diag)
{
	const struct directive *directive = directive_of(stmt->kind);

	if (stmt->argc < directive->min_args)
		stmt_diag(diag, DIAG_ERROR, stmt, STMT_WHOLE, "'%s' needs %s%u argument%s, found %zu",
			  directive->name, directive->max_args == directive->min_args ? "" : "at least ",
			  directive->min_args, directive->min_args == 1 ? "" : "s", stmt->argc);
	else if (stmt->argc > directive->max_args)
		stmt_diag(diag, DIAG_ERROR, stmt, directive->max_args,
			  "'%s' takes at most %u argument%s, found %zu", directive->name,
			  directive->max_args, directive->max_args == 1 ? "" : "s", stmt->argc);
	else
		return true;
	return false;
}

static bool check_not_empty(const struct stmt *stmt, struct diag *diag)
{
	for (size_t i = 0; i < stmt->argc; i++) {
		if (*stmt->argv[i])
			continue;
		stmt_diag(diag, DIAG_ERROR, stmt, i, "empty argument of '%s'", stmt->directive);
		return false;
	}
	return true;
}

/* Between files, later settings override earlier ones on purpose; twice in one file is a slip. */
static void check_repeated(const struct profile *profile, size_t index, struct diag *diag)
{
	const struct stmt *stmt = profile->stmts.items[index];

	if (!directive_of(stmt->kind)->single || !strcmp(stmt->loc.file, "-s"))
		return;
	for (size_t i = 0; i < index; i++) {
		const struct stmt *earlier = profile->stmts.items[i];

		if (earlier->kind != stmt->kind || strcmp(earlier->loc.file, stmt->loc.file) != 0)
			continue;
		stmt_diag(diag, DIAG_WARNING, stmt, STMT_WHOLE,
			  "'%s' again: it replaces that of line %u", stmt->directive,
			  earlier->loc.line);
		return;
	}
}

void profile_check(const struct profile *profile, struct diag *diag)
{
	const struct stmt *stmt;

	vec_foreach(i, stmt, &profile->stmts) {
		check_repeated(profile, i, diag);
		if (check_count(stmt, diag) && check_not_empty(stmt, diag) && checks[stmt->kind])
			checks[stmt->kind](stmt, diag);
	}
	if (!diag->errors)
		check_together(profile, diag);
}
