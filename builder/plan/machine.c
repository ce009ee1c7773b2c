// SPDX-License-Identifier: GPL-2.0-or-later
/* One image, one machine: which programs of ours go in, and that all others are for the same. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/resolve/module/machine.h"
#include "builder/util/machine.h"

static uint16_t machine_of_applets(const char *directory)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/bootplan", directory) >= (int)sizeof(path))
		return 0;
	return machine_of_file(path);
}

static int machine_refuse(const struct planner *planner, const char *name, struct error **err)
{
	if (strcmp(name, "arm64") == 0 || strcmp(name, "amd64") == 0)
		return error_make(
			err, ENOENT,
			"kernel %s is one for %s, and '%s' has no programs for it: build them "
			"with 'make ARCH=%s'",
			planner->host->kver, name, planner->applets, name);
	return error_make(
		err, EOPNOTSUPP,
		"kernel %s is one for %s: mkvinitrd has programs for amd64 and arm64 alone",
		planner->host->kver, name);
}

int plan_machine(struct planner *planner, struct error **err)
{
	const char *own = planner->host->applets_dir, *name;
	char buf[32];

	planner->machine = module_machine(planner->host);
	name = machine_name(planner->machine, buf, sizeof(buf));
	if (machine_runs(planner->machine, machine_of_applets(own))) {
		planner->applets = strdup(own);
		return planner->applets ? 0 : error_no_memory(err);
	}
	if (asprintf(&planner->applets, "%s/%s", own, name) < 0) {
		planner->applets = NULL;
		return error_no_memory(err);
	}
	return machine_of_applets(planner->applets) == planner->machine
		       ? 0
		       : machine_refuse(planner, name, err);
}

static bool is_program(const struct fs_entry *entry)
{
	return entry->kind == ENTRY_FILE && entry->source && (entry->mode & 0111) &&
	       strncmp(entry->path, "lib/firmware/", 13) != 0 &&
	       strncmp(entry->path, "lib/modules/", 12) != 0;
}

int plan_foreign(struct planner *planner, struct error **err)
{
	const struct plan_item *item;
	char program[32], kernel[32];

	vec_foreach(i, item, &planner->plan->items) {
		uint16_t machine =
			is_program(&item->entry) ? machine_of_file(item->entry.source) : 0;

		if (machine_runs(planner->machine, machine))
			continue;
		diag_add(planner->diag, DIAG_ERROR, item->why, NULL, NULL,
			 "'%s' is a program for %s, and kernel %s is one for %s: name a program "
			 "for %s",
			 item->entry.source, machine_name(machine, program, sizeof(program)),
			 planner->host->kver,
			 machine_name(planner->machine, kernel, sizeof(kernel)),
			 machine_name(planner->machine, kernel, sizeof(kernel)));
	}
	return 0;
}
