// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file systems of the partitions that hold the root, its image or its changes: which may be
 * needed, and which the kernel lacks. For NTFS a kernel has one of two drivers, or none: then
 * ntfs-3g stands in.
 */
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

enum {
	ON_EXT4 = 1 << 0,
	ON_XFS = 1 << 1,
	ON_BTRFS = 1 << 2,
	ON_VFAT = 1 << 3,
	ON_EXFAT = 1 << 4,
	ON_DISC = 1 << 5,
	ON_NTFS = 1 << 6,
	ON_LINUX = ON_EXT4 | ON_XFS | ON_BTRFS,
	ON_FAT = ON_VFAT | ON_EXFAT,
	ON_ANY = ON_LINUX | ON_FAT | ON_DISC | ON_NTFS,
};

/* Those that disks and media commonly have. module is NULL where more than one has the type. */
static const struct {
	const char *type, *module;
	unsigned mask;
} drivers[] = {
	{ "ext4", "ext4", ON_EXT4 },	{ "xfs", "xfs", ON_XFS },
	{ "btrfs", "btrfs", ON_BTRFS }, { "vfat", "vfat", ON_VFAT },
	{ "exfat", "exfat", ON_EXFAT }, { "iso9660", "isofs", ON_DISC },
	{ "ntfs", NULL, ON_NTFS },
};

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

/* The last statement that asks for all file systems, or NULL */
static const struct stmt *find_wanted(const struct profile *profile)
{
	const struct stmt *found = NULL, *stmt;

	vec_foreach(i, stmt, &profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_MODULE && k < stmt->argc; k++)
			if (strcmp(stmt->argv[k], "=fs") == 0 || strcmp(stmt->argv[k], "=all") == 0)
				found = stmt;
	return found;
}

static void look_for_ntfs(struct planner *planner, const struct module_table *table)
{
	planner->ntfs_driver = find_driver(planner->host, table);
	if (planner->ntfs_driver != NTFS_WRITES && !brings_ntfs_3g(planner->profile))
		planner->lacks_ntfs = find_wanted(planner->profile);
}

/*
 * Which file systems a place may have, as far as its name tells. len bytes of it; as in `host`. A
 * UUID has the form of its file system.
 */
static unsigned at_place(const char *place, size_t len)
{
	if (len == 5 && memcmp(place, "cdrom", 5) == 0)
		return ON_DISC;
	if (len <= 5 || memcmp(place, "UUID=", 5) != 0)
		return ON_ANY;
	switch (len - 5) {
	case 9: /* XXXX-XXXX */
		return ON_FAT;
	case 16:
		return ON_NTFS;
	case 22: /* YYYY-MM-DD-HH-MM-SS-CC */
		return ON_DISC;
	default:
		return ON_LINUX;
	}
}

/* On which file systems may the image lie that is looked for on a partition? */
static unsigned image_may_be_on(const struct profile *profile, const struct stmt *root)
{
	const struct stmt *image = profile_last(profile, STMT_IMAGE);
	const struct stmt *host = profile_last(profile, STMT_HOST);
	bool local;

	/* without `image` the command line names it */
	local = image ? image->argv[0][0] == '/'
		      : strcmp(root->argv[0], "loop") == 0 || strcmp(root->argv[0], "overlay") == 0;
	if (!local)
		return 0;
	return host ? at_place(host->argv[0], strlen(host->argv[0])) : ON_ANY;
}

/* The same of changes. A file or partition of them has a Linux file system inside. */
static unsigned store_may_be_on(const struct profile *profile)
{
	static const struct {
		const char *kind;
		unsigned outside, inside;
	} kinds[] = { { "dir:", ON_LINUX, 0 },
		      { "file:", ON_ANY, ON_EXT4 },
		      { "archive:", ON_ANY, 0 },
		      { "device:", 0, ON_LINUX } };
	const struct stmt *persist = profile_last(profile, STMT_PERSIST);

	for (size_t i = 0; persist && i < ARRAY_SIZE(kinds); i++) {
		const char *place = after_prefix(persist->argv[0], kinds[i].kind);
		const char *path = place ? strstr(place, ":/") : NULL;
		unsigned found = 0;

		if (path)
			found = at_place(place, (size_t)(path - place)) & kinds[i].outside;
		if (place)
			return found | kinds[i].inside;
	}
	return 0;
}

/* What `param NAME=VALUE` of the last line that has it sets, or NULL */
static const char *find_param(const struct profile *profile, const char *name)
{
	const char *found = NULL;
	const struct stmt *stmt;

	vec_foreach(i, stmt, &profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_PARAM && k < stmt->argc; k++) {
			const char *value = after_prefix(stmt->argv[k], name);

			if (value)
				found = value;
		}
	return found;
}

/* A root on a partition; its type is told, or seen by the form of the UUID. */
static unsigned root_may_be_on(const struct profile *profile)
{
	const char *type = find_param(profile, "rootfstype=");
	const char *root = find_param(profile, "root=");
	unsigned found = 0;

	/* alternatives: what one of them lacks, another may have */
	if (type && strchr(type, ','))
		return 0;
	for (size_t i = 0; type && i < ARRAY_SIZE(drivers); i++)
		if (strcmp(type, drivers[i].type) == 0)
			found = drivers[i].mask;
	return type ? found : (root ? at_place(root, strlen(root)) : ON_ANY) & ON_LINUX;
}

static unsigned may_be_needed(const struct profile *profile)
{
	const struct stmt *root = profile_last(profile, STMT_ROOT);
	unsigned needed = store_may_be_on(profile);

	if (root)
		needed |= image_may_be_on(profile, root);
	if (root && strcmp(root->argv[0], "disk") == 0)
		needed |= root_may_be_on(profile);
	return needed;
}

/* What the kernel has neither as a module nor built in, as "ext4, xfs"; NULL without memory */
static char *list_lacking(const struct module_table *table, unsigned needed)
{
	char *list = strdup("");

	for (size_t i = 0; list && i < ARRAY_SIZE(drivers); i++) {
		const char *module = drivers[i].module;
		char *longer = NULL;

		if (!module || !(drivers[i].mask & needed) || !module_table_lacks(table, module))
			continue;
		if (asprintf(&longer, "%s%s%s", list, *list ? ", " : "", drivers[i].type) < 0)
			longer = NULL;
		free(list);
		list = longer;
	}
	return list;
}

static int note_lacking(struct planner *planner, const char *lacking, bool matters,
			struct error **err)
{
	const struct host *host = planner->host;
	char *note = NULL;

	if (!*lacking)
		return 0;
	if (asprintf(
		    &note,
		    "kernel %s has no driver for %s: what lies on such a file system will not be "
		    "found; install the package of the kernel's extra modules%s%s, or use a kernel "
		    "that has one",
		    host->kver, lacking, *host->sysroot ? " below " : "", host->sysroot) < 0)
		note = NULL;
	return plan_note(matters ? &planner->plan->notes : &planner->plan->details, note, err);
}

int plan_look_for_file_systems(struct planner *planner, const struct module_table *table,
			       struct error **err)
{
	unsigned needed = may_be_needed(planner->profile);
	_cleanup_free_ char *lacking = NULL, *others = NULL;
	int r;

	look_for_ntfs(planner, table);
	if (!find_wanted(planner->profile))
		return 0;
	lacking = list_lacking(table, needed);
	others = list_lacking(table, ON_ANY & ~needed);
	if (!lacking || !others)
		return error_no_memory(err);
	r = note_lacking(planner, lacking, true, err);
	return r < 0 ? r : note_lacking(planner, others, false, err);
}

/* One line: what is missing, what comes of it, what to do. */
static int note_missing(struct planner *planner, const char *problem, struct error **err)
{
	bool matters = may_be_needed(planner->profile) & ON_NTFS;
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
