// SPDX-License-Identifier: GPL-2.0-or-later
/* NTFS, for which a kernel has one of two drivers, or none: then ntfs-3g stands in. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/host/places.h"
#include "builder/plan/internal.h"
#include "builder/profile/value.h"
#include "builder/resolve/binary.h"
#include "builder/resolve/module/dependencies.h"
#include "builder/resolve/module/inflate.h"
#include "builder/resolve/module/modinfo.h"
#include "builder/util/readfile.h"

#define NTFS_3G "/bin/ntfs-3g"

/*
 * Up to Linux 6.8 another driver had the name, of which nothing is left but this: its description,
 * the same from 2.6 on. It does not write, or only over what a file has.
 */
#define OLD_DRIVER "NTFS 1.2/3.x driver"

static int is_old(void *context, const char *description)
{
	return strncmp(description, OLD_DRIVER, strlen(OLD_DRIVER)) == 0;
}

/* What cannot be read is said where the module is packed. */
static bool is_old_module(const struct host *host, const struct module *module)
{
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *path = NULL, *data = NULL;
	size_t len;

	return host_resolve_below(host, host->modules_dir, module->path, &path, &problem) == 0 &&
	       inflate_file(path, &data, &len, &problem) == 0 &&
	       modinfo_values(data, len, "description", is_old, NULL) == 1;
}

/* modules.builtin.modinfo: NUL-separated "module.tag=value" (Documentation/kbuild/kbuild.rst). */
static bool is_old_builtin(const struct host *host)
{
	static const char wanted[] = "ntfs.description=" OLD_DRIVER;
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t len;

	if (asprintf(&path, "%s/modules.builtin.modinfo", host->modules_dir) < 0) {
		path = NULL;
		return false;
	}
	return read_file(path, &text, &len, &problem) == 0 &&
	       memmem(text, len, wanted, sizeof(wanted) - 1);
}

static enum ntfs_driver find_driver(const struct host *host, const struct module_table *table)
{
	const struct module *ntfs3 = module_table_find(table, "ntfs3");
	const struct module *ntfs = module_table_find(table, "ntfs");

	if ((ntfs3 && !ntfs3->blacklisted) || module_table_is_builtin(table, "ntfs3"))
		return NTFS_WRITES;
	if (ntfs && !ntfs->blacklisted)
		return is_old_module(host, ntfs) ? NTFS_READS : NTFS_WRITES;
	if (module_table_is_builtin(table, "ntfs"))
		return is_old_builtin(host) ? NTFS_READS : NTFS_WRITES;
	return NTFS_NONE;
}

/* ntfs-3g of another system, by a line `file` */
static bool brings_ntfs_3g(const struct profile *profile)
{
	const struct stmt *stmt;

	vec_foreach(i, stmt, &profile->stmts)
		if (stmt->kind == STMT_FILE && strcmp(stmt->argv[0], NTFS_3G) == 0)
			return true;
	return false;
}

void plan_look_for_ntfs(struct planner *planner, const struct module_table *table)
{
	const struct stmt *stmt;

	planner->ntfs_driver = find_driver(planner->host, table);
	if (planner->ntfs_driver == NTFS_WRITES || brings_ntfs_3g(planner->profile))
		return;
	vec_foreach(i, stmt, &planner->profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_MODULE && k < stmt->argc; k++)
			if (strcmp(stmt->argv[k], "=fs") == 0 || strcmp(stmt->argv[k], "=all") == 0)
				planner->lacks_ntfs = stmt;
}

/* A host as in `host`, len bytes of it: may it be a partition of Windows? A UUID of another form is
 * none. */
static bool host_may_be_ntfs(const char *host, size_t len)
{
	if (len == 5 && memcmp(host, "cdrom", 5) == 0)
		return false;
	if (len > 5 && memcmp(host, "UUID=", 5) == 0)
		return len == 5 + 16; /* FAT has XXXX-XXXX, others more */
	return true;
}

/* Is the image looked for on a partition, which may be one of Windows? */
static bool image_may_be_on_ntfs(const struct profile *profile)
{
	const struct stmt *root = profile_last(profile, STMT_ROOT);
	const struct stmt *image = profile_last(profile, STMT_IMAGE);
	const struct stmt *host = profile_last(profile, STMT_HOST);
	bool local;

	if (!root)
		return false;
	/* without `image` the command line names it */
	local = image ? image->argv[0][0] == '/'
		      : strcmp(root->argv[0], "loop") == 0 || strcmp(root->argv[0], "overlay") == 0;
	return local && (!host || host_may_be_ntfs(host->argv[0], strlen(host->argv[0])));
}

/* Is a store in a file or directory of another partition asked for, which may be one of Windows? */
static bool store_may_be_on_ntfs(const struct profile *profile)
{
	static const char *const kinds[] = { "dir:", "file:", "archive:" };
	const struct stmt *persist = profile_last(profile, STMT_PERSIST);

	for (size_t i = 0; persist && i < ARRAY_SIZE(kinds); i++) {
		const char *place = after_prefix(persist->argv[0], kinds[i]);
		const char *path = place ? strstr(place, ":/") : NULL;

		if (path)
			return host_may_be_ntfs(place, (size_t)(path - place));
	}
	return false;
}

/* One line: what is missing, what comes of it, what to do. */
static int note_missing(struct planner *planner, const char *problem, struct error **err)
{
	bool matters =
		image_may_be_on_ntfs(planner->profile) || store_may_be_on_ntfs(planner->profile);
	bool reads = planner->ntfs_driver == NTFS_READS;
	char *note = NULL;

	if (asprintf(&note,
		     "kernel %s %s, and %s: what lies on NTFS will not be %s; install ntfs-3g%s%s, "
		     "or "
		     "use a kernel with ntfs3 or the ntfs of Linux 7",
		     planner->host->kver,
		     reads ? "has an ntfs driver that only reads" : "has no NTFS driver", problem,
		     reads ? "written to" : "found", *planner->host->sysroot ? " below " : "",
		     planner->host->sysroot) < 0)
		note = NULL;
	return plan_note(matters ? &planner->plan->notes : &planner->plan->details, note, err);
}

int plan_add_ntfs_3g(struct planner *planner, struct binary_set *set, char **ret_reason,
		     struct error **err)
{
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *path = NULL;
	int r;

	*ret_reason = NULL;
	if (host_resolve_any(planner->host, NTFS_3G, &path, &problem) < 0)
		return note_missing(planner, "ntfs-3g is not installed", err);
	r = binary_set_add(set, NTFS_3G, &problem);
	if (r == -ENOMEM)
		return error_move(err, steal_ptr(&problem));
	if (r < 0)
		return note_missing(planner, error_msg(problem), err);
	if (asprintf(ret_reason, "NTFS, for which kernel %s has no driver%s", planner->host->kver,
		     planner->ntfs_driver == NTFS_READS ? " that writes" : "") < 0) {
		*ret_reason = NULL;
		return error_no_memory(err);
	}
	return 0;
}
