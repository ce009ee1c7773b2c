// SPDX-License-Identifier: GPL-2.0-or-later
/* busybox and our own programs. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/resolve/tree.h"
#include "builder/util/readfile.h"

static const struct cause skeleton = { .reason = "skeleton" };

/* Adds the program at source as /bin/NAME. */
static int add_program(struct planner *planner, const char *name, const char *source,
		       const struct cause *cause, struct error **err)
{
	_cleanup_free_ char *path = NULL;
	struct tree_node *node = NULL;
	int r = tree_probe(source, true, &node, err);

	if (r < 0)
		return r;
	if (node->kind != ENTRY_FILE)
		r = error_make(err, EINVAL, "'%s' is not a file", source);
	else if (asprintf(&path, "bin/%s", name) < 0)
		r = error_no_memory(err);
	else
		r = plan_add_source(planner, SEGMENT_BASE, path, source, node->size, 0755, cause,
				    err);
	tree_node_free(node);
	return r;
}

/* Our own program NAME, as it was built for the target. */
static int add_own(struct planner *planner, const char *name, const struct cause *cause,
		   struct error **err)
{
	_cleanup_free_ char *source = NULL;
	int r;

	if (asprintf(&source, "%s/%s", planner->applets, name) < 0)
		return error_no_memory(err);
	r = add_program(planner, name, source, cause, err);
	if (r == -ENOENT)
		return error_make(err, ENOENT,
				  "the program '%s' is missing in '%s': build it with 'make'", name,
				  planner->applets);
	return r;
}

static int add_busybox(struct planner *planner, struct error **err)
{
	const struct stmt *stmt = profile_last(planner->profile, STMT_BUSYBOX);
	_cleanup_free_ char *reason = NULL, *source = NULL;
	_cleanup_error_ struct error *problem = NULL;
	struct cause cause;

	if (!stmt)
		return add_own(planner, "busybox", &skeleton, err);
	cause = stmt_cause(stmt, &reason);
	source = plan_source_path(stmt, stmt->argv[0]);
	if (!source)
		return error_no_memory(err);
	if (add_program(planner, "busybox", source, &cause, &problem) < 0)
		stmt_diag(planner->diag, DIAG_ERROR, stmt, 0, "%s", error_msg(problem));
	return 0;
}

static int add_busybox_link(struct planner *planner, const char *name, struct error **err)
{
	static const struct cause cause = { .reason = "skeleton, busybox.links" };
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "bin/%s", name) < 0)
		return error_no_memory(err);
	return plan_add_link(planner, SEGMENT_BASE, path, "busybox", &cause, err);
}

/* skel/busybox.links: names, in lines or between blanks; '#' begins a comment. */
static int add_busybox_links(struct planner *planner, struct error **err)
{
	_cleanup_free_ char *source = NULL, *text = NULL;
	char *rest = NULL, *words = NULL;
	int r;

	if (asprintf(&source, "%s/skel/busybox.links", planner->host->data_dir) < 0)
		return error_no_memory(err);
	r = read_file(source, &text, NULL, err);
	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &rest); line && r == 0;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, "#")] = '\0';
		for (char *word = strtok_r(line, " \t\r", &words); word && r == 0;
		     word = strtok_r(NULL, " \t\r", &words))
			r = add_busybox_link(planner, word, err);
	}
	return r;
}

static bool is_archive(const char *image)
{
	static const char *const ends[] = { ".tar", ".tar.", ".tgz", ".txz", ".tzst", ".cpio" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (strstr(image, ends[i]))
			return true;
	return false;
}

/* What the profile's root mode runs. A profile without `root` leaves the choice to the boot: then
 * everything. */
static bool mode_needs(const struct profile *profile, const char *applet)
{
	const struct stmt *root = profile_last(profile, STMT_ROOT);
	const struct stmt *image = profile_last(profile, STMT_IMAGE);
	const struct stmt *persist = profile_last(profile, STMT_PERSIST);
	const bool archive = persist && strncmp(persist->argv[0], "archive:", 8) == 0;

	if (!root)
		return true;
	if (strcmp(applet, "packroot") == 0)
		return archive;
	if (strcmp(applet, "verifyimg") == 0)
		return strcmp(root->argv[0], "disk") != 0 && strcmp(root->argv[0], "share") != 0;
	if (strcmp(applet, "overlayroot") == 0)
		return strcmp(root->argv[0], "overlay") == 0 ||
		       (persist && strcmp(persist->argv[0], "none") != 0);
	return archive || strcmp(root->argv[0], "tmpfs") == 0 ||
	       (image && is_archive(image->argv[0]));
}

/* Images on web servers need drivers for network cards, or name a server themselves. */
static bool uses_network(const struct profile *profile)
{
	const struct stmt *image = profile_last(profile, STMT_IMAGE), *stmt;

	if (image && strstr(image->argv[0], "://"))
		return true;
	vec_foreach(i, stmt, &profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_MODULE && k < stmt->argc; k++)
			if (strcmp(stmt->argv[k], "=net") == 0)
				return true;
	return false;
}

/* /bin/vdattach, as vdattach-http where there may be a network. */
static int add_vdattach(struct planner *planner, struct error **err)
{
	_cleanup_free_ char *source = NULL;

	if (!uses_network(planner->profile))
		return add_own(planner, "vdattach", &skeleton, err);
	if (asprintf(&source, "%s/vdattach-http", planner->applets) < 0)
		return error_no_memory(err);
	return add_program(planner, "vdattach", source, &skeleton, err);
}

static int add_own_programs(struct planner *planner, struct error **err)
{
	static const char *const always[] = { "bootplan", "coldplug", "findimg", "exitrd" };
	static const char *const by_mode[] = { "overlayroot", "unpackroot", "packroot",
					       "verifyimg" };
	static const struct cause cause = { .reason = "needed by the root mode" };
	static const struct cause network = { .reason = "fetches files over the network" };
	int r = plan_add_link(planner, SEGMENT_BASE, "bin/modprobe", "coldplug", &skeleton, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(always); i++)
		r = add_own(planner, always[i], &skeleton, err);
	if (r == 0)
		r = add_vdattach(planner, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(by_mode); i++)
		if (mode_needs(planner->profile, by_mode[i]))
			r = add_own(planner, by_mode[i], &cause, err);
	if (r == 0 && uses_network(planner->profile))
		r = add_own(planner, "netfetch", &network, err);
	return r;
}

/*
 * A store on a file or device is made on first use and checked after an unclean stop; a directory
 * becomes a file where its file system (FAT) cannot hold an upper layer.
 */
static int add_store_programs(struct planner *planner, struct error **err)
{
	static const char *const programs[] = { "e2fsck", "mke2fs" };
	const struct stmt *persist = profile_last(planner->profile, STMT_PERSIST);
	_cleanup_free_ char *reason = NULL;
	struct cause cause;

	if (!persist || (strncmp(persist->argv[0], "dir:", 4) != 0 &&
			 strncmp(persist->argv[0], "file:", 5) != 0 &&
			 strncmp(persist->argv[0], "device:", 7) != 0))
		return 0;
	cause = stmt_cause(persist, &reason);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		_cleanup_error_ struct error *problem = NULL;
		int r = add_own(planner, programs[i], &cause, &problem);
		char *note = NULL;

		if (r == 0)
			continue;
		if (r != -ENOENT)
			return error_move(err, steal_ptr(&problem));
		if (asprintf(&note, "%s; a store cannot be made or checked at boot without it",
			     error_msg(problem)) < 0)
			note = NULL;
		r = plan_note(&planner->plan->notes, note, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* `applet NAME...` */
static void add_wanted(struct planner *planner, const struct stmt *stmt)
{
	_cleanup_free_ char *reason = NULL;
	const struct cause cause = stmt_cause(stmt, &reason);

	for (size_t i = 0; i < stmt->argc; i++) {
		_cleanup_error_ struct error *problem = NULL;

		if (add_own(planner, stmt->argv[i], &cause, &problem) < 0)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, i, "%s", error_msg(problem));
	}
}

int plan_applets(struct planner *planner, struct error **err)
{
	const struct stmt *stmt;
	int r = add_busybox(planner, err);

	if (r == 0)
		r = add_busybox_links(planner, err);
	if (r == 0)
		r = add_own_programs(planner, err);
	if (r == 0)
		r = add_store_programs(planner, err);
	if (r < 0)
		return r;
	vec_foreach(i, stmt, &planner->profile->stmts)
		if (stmt->kind == STMT_APPLET)
			add_wanted(planner, stmt);
	return 0;
}
