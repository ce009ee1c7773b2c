// SPDX-License-Identifier: GPL-2.0-or-later
/* `microcode auto|none|PATH...` */
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/resolve/microcode.h"

static int add_vendor(struct planner *planner, struct strbuf *content, const char *path,
		      const struct cause *cause, struct error **err)
{
	size_t len = content->len;
	char *data;

	if (!len)
		return 0;
	data = strbuf_steal(content);
	if (!data)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_EARLY, path, data, len, 0644, cause, err);
}

static int early_collect(struct planner *planner, const struct stmt *stmt,
			 struct microcode *microcode, struct error **err)
{
	if (strcmp(stmt->argv[0], "auto") == 0)
		return microcode_add_auto(microcode, planner->host, err);
	for (size_t i = 0; i < stmt->argc; i++) {
		_cleanup_error_ struct error *problem = NULL;

		if (microcode_add_path(microcode, stmt->argv[i], &problem) < 0)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, i, "%s", error_msg(problem));
	}
	return 0;
}

int plan_early(struct planner *planner, struct error **err)
{
	const struct stmt *stmt = profile_last(planner->profile, STMT_MICROCODE);
	struct microcode microcode = { 0 };
	_cleanup_free_ char *reason = NULL;
	struct cause cause;
	int r;

	if (!stmt || strcmp(stmt->argv[0], "none") == 0)
		return 0;
	cause = stmt_cause(stmt, &reason);
	r = early_collect(planner, stmt, &microcode, err);
	if (r == 0)
		r = add_vendor(planner, &microcode.intel, "kernel/x86/microcode/GenuineIntel.bin",
			       &cause, err);
	if (r == 0)
		r = add_vendor(planner, &microcode.amd, "kernel/x86/microcode/AuthenticAMD.bin",
			       &cause, err);
	microcode_release(&microcode);
	return r;
}
