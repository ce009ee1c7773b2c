// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/plan/plan.h"

#include <string.h>

#include "builder/plan/internal.h"

/* "overlay" for ".../overlay.profile"; "custom" when all came from the command line. */
static char *profile_name(const struct profile *profile)
{
	const char *path = profile->files.len ? profile->files.items[0] : "custom";
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = strlen(name), suffix = strlen(".profile");

	if (len > suffix && strcmp(name + len - suffix, ".profile") == 0)
		len -= suffix;
	return strndup(name, len);
}

/* `compress NAME[:LEVEL]` */
static int set_compressor(struct plan *plan, const struct profile *profile, struct error **err)
{
	const struct stmt *stmt = profile_last(profile, STMT_COMPRESS);
	const char *value = stmt ? stmt->argv[0] : "zstd";
	const char *colon = strchr(value, ':');

	plan->compressor = strndup(value, colon ? (size_t)(colon - value) : strlen(value));
	plan->level = colon ? atoi(colon + 1) : -1;
	return plan->compressor ? 0 : error_no_memory(err);
}

static int set_names(struct planner *planner, struct error **err)
{
	struct plan *plan = planner->plan;

	plan->profile = profile_name(planner->profile);
	plan->kver = strdup(planner->host->kver);
	if (!plan->profile || !plan->kver)
		return error_no_memory(err);
	return set_compressor(plan, planner->profile, err);
}

int plan_make(struct plan *plan, const struct profile *profile, const struct host *host,
	      struct diag *diag, struct error **err)
{
	static int (*const steps[])(struct planner *, struct error **) = {
		set_names,    plan_machine, plan_skeleton, plan_applets, plan_settings,
		plan_modules, plan_files,   plan_binaries, plan_early,	 plan_keymap,
		plan_ssh,     plan_splash,  plan_finish,   plan_foreign,
	};
	struct planner planner = { .plan = plan, .profile = profile, .host = host, .diag = diag };

	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](&planner, err);
	free(planner.applets);
	return r;
}
