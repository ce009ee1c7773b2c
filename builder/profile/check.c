// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/profile/check.h"

#include <string.h>

#include "builder/profile/directives.h"

static stmt_check *const checks[STMT_KINDS] = {
	[STMT_ROOT] = stmt_check_root,	       [STMT_IMAGE] = stmt_check_image,
	[STMT_HOST] = stmt_check_host,	       [STMT_PARTITION] = stmt_check_partition,
	[STMT_PERSIST] = stmt_check_persist,   [STMT_SIZE] = stmt_check_size,
	[STMT_VERIFY] = stmt_check_verify,     [STMT_MODULE] = stmt_check_module,
	[STMT_FIRMWARE] = stmt_check_firmware, [STMT_BLACKLIST] = stmt_check_blacklist,
	[STMT_BINARY] = stmt_check_binary,     [STMT_FILE] = stmt_check_file,
	[STMT_DIR] = stmt_check_dir,	       [STMT_LINK] = stmt_check_link,
	[STMT_NODE] = stmt_check_node,	       [STMT_BUSYBOX] = stmt_check_busybox,
	[STMT_COMPRESS] = stmt_check_compress, [STMT_PARAM] = stmt_check_param,
	[STMT_HOOK] = stmt_check_hook,	       [STMT_MICROCODE] = stmt_check_microcode,
	[STMT_APPLET] = stmt_check_applet,     [STMT_MODPROBE] = stmt_check_modprobe,
	[STMT_KEYMAP] = stmt_check_keymap,     [STMT_SPLASH] = stmt_check_splash,
};

static bool check_count(const struct stmt *stmt, struct diag *diag)
{
	const struct directive *directive = directive_of(stmt->kind);

	if (stmt->argc < directive->min_args)
		stmt_diag(diag, DIAG_ERROR, stmt, STMT_WHOLE,
			  "'%s' needs %s%u argument%s, found %zu", directive->name,
			  directive->max_args == directive->min_args ? "" : "at least ",
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
static void check_repeated(const struct profile *profile, const struct stmt *stmt, size_t index,
			   struct diag *diag)
{
	if (!directive_of(stmt->kind)->single || !strcmp(stmt->loc.file, "-s"))
		return;
	while (index-- > 0) {
		const struct stmt *earlier = profile->stmts.items[index];

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

	vec_foreach(i, stmt, &profile->stmts)
		if (check_count(stmt, diag) && check_not_empty(stmt, diag) && checks[stmt->kind])
			checks[stmt->kind](stmt, diag);
	/* what follows says nothing useful of lines that are wrong in themselves */
	if (diag->errors)
		return;
	vec_foreach(i, stmt, &profile->stmts)
		check_repeated(profile, stmt, i, diag);
	check_together(profile, diag);
}
