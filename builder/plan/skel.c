// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree that every image starts from. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "builder/plan/internal.h"
#include "builder/resolve/tree.h"

static const struct cause skeleton = { .reason = "skeleton" };

/* Where a file of skel/ lies in the image; NULL: it is not for the image (or memory is out, then
 * *ret_failed). */
static char *skel_place(const char *path, bool *ret_failed)
{
	char *place = NULL;

	if (strcmp(path, "busybox.links") == 0)
		return NULL;
	if (strncmp(path, "lib/", 4) == 0)
		*ret_failed = asprintf(&place, "lib/mkvinitrd/%s", path + 4) < 0;
	else
		*ret_failed = !(place = strdup(path));
	return *ret_failed ? NULL : place;
}

static int add_skel_node(struct planner *planner, const struct tree_node *node, struct error **err)
{
	bool failed = false;
	_cleanup_free_ char *place = skel_place(node->path, &failed);
	mode_t mode = node->mode;

	if (failed)
		return error_no_memory(err);
	if (!place || node->kind == ENTRY_DIR)
		return 0;
	if (node->kind == ENTRY_SYMLINK)
		return plan_add_link(planner, SEGMENT_BASE, place, node->target, &skeleton, err);
	if (node->kind != ENTRY_FILE)
		return error_make(err, EINVAL, "'%s' is neither a file nor a symlink",
				  node->source);
	if (strcmp(place, "init") == 0)
		mode = 0755;
	return plan_add_source(planner, SEGMENT_BASE, place, node->source, node->size, mode,
			       &skeleton, err);
}

static int add_skel(struct planner *planner, struct error **err)
{
	_cleanup_free_ char *directory = NULL;
	struct vec nodes = { 0 };
	const struct tree_node *node;
	int r;

	if (asprintf(&directory, "%s/skel", planner->host->data_dir) < 0)
		return error_no_memory(err);
	r = tree_list(directory, &nodes, err);
	vec_foreach(i, node, &nodes)
		if (r == 0)
			r = add_skel_node(planner, node, err);
	vec_clear(&nodes, tree_node_free);
	return r;
}

/* The kernel opens /dev/console for init before anything is mounted. */
static int add_nodes(struct planner *planner, struct error **err)
{
	const struct {
		const char *path;
		unsigned minor;
		mode_t mode;
	} nodes[] = { { "dev/console", 1, 0600 }, { "dev/null", 3, 0666 } };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		const struct fs_entry entry = { .kind = ENTRY_NODE,
						.segment = SEGMENT_BASE,
						.path = strdup(nodes[i].path),
						.mode = S_IFCHR | nodes[i].mode,
						.rdev = makedev(i == 0 ? 5 : 1, nodes[i].minor) };
		int r = plan_add(planner, &entry, &skeleton, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int skel_add_directories(struct planner *planner, struct error **err)
{
	static const char *const directories[] = { "proc", "run", "sys", "var", "etc/mkvinitrd" };
	int r = plan_add_dir(planner, SEGMENT_BASE, "tmp", 01777, &skeleton, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++)
		r = plan_add_dir(planner, SEGMENT_BASE, directories[i], 0755, &skeleton, err);
	return r;
}

/* The other names of the one bin and the one lib: see plan_image_path. */
static int add_links(struct planner *planner, struct error **err)
{
	static const char *const links[][2] = {
		{ "sbin", "bin" },
		{ "usr/bin", "../bin" },
		{ "usr/sbin", "../bin" },
		{ "usr/lib", "../lib" },
		{ "etc/mtab", "/proc/self/mounts" },
		{ "var/run", "/run" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(links); i++)
		r = plan_add_link(planner, SEGMENT_BASE, links[i][0], links[i][1], &skeleton, err);
	return r;
}

/* Source: os-release(5), "initrd-release". */
static int add_release(struct planner *planner, struct error **err)
{
	char *text;
	int len = asprintf(&text,
			   "NAME=mkvinitrd\nID=mkvinitrd\nVERSION_ID=%s\n"
			   "PRETTY_NAME=\"mkvinitrd %s\"\n",
			   VERSION, VERSION);

	if (len < 0)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_BASE, "etc/initrd-release", text, (size_t)len, 0644,
			     &skeleton, err);
}

int plan_skeleton(struct planner *planner, struct error **err)
{
	static int (*const steps[])(struct planner *, struct error **) = { add_skel, add_nodes,
									   skel_add_directories,
									   add_links, add_release };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](planner, err);
	return r;
}
