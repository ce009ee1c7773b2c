// SPDX-License-Identifier: GPL-2.0-or-later
/* What a profile puts into the image by name: file, dir, link, node, hook, and an embedded image.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "builder/identify/identify.h"
#include "builder/plan/internal.h"
#include "builder/profile/value.h"
#include "builder/resolve/tree.h"
#include "builder/util/readfile.h"

/* Content that compressors cannot shrink goes uncompressed into the image. Names of the usual
 * formats. */
static enum segment_kind segment_for(const char *path)
{
	static const char *const ends[] = {
		".xz",	 ".zst", ".gz",	  ".bz2",      ".lz4",	 ".lzma",  ".txz",    ".tgz",
		".tzst", ".sfs", ".sqfs", ".squashfs", ".erofs", ".cloop", ".img.xz", ".zip",
	};
	size_t len = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strcmp(path + len - n, ends[i]) == 0)
			return SEGMENT_STORED;
	}
	return SEGMENT_MODULES;
}

/* mode 0: the file's own. Takes nothing over. */
static int add_node(struct planner *planner, const struct tree_node *node, const char *path,
		    mode_t mode, const struct cause *cause, struct error **err)
{
	switch (node->kind) {
	case ENTRY_FILE:
		return plan_add_source(planner, segment_for(node->source), path, node->source,
				       node->size, mode ? mode : node->mode, cause, err);
	case ENTRY_DIR:
		return plan_add_dir(planner, SEGMENT_MODULES, path, node->mode, cause, err);
	case ENTRY_SYMLINK:
		return plan_add_link(planner, SEGMENT_MODULES, path, node->target, cause, err);
	case ENTRY_NODE:
	case ENTRY_PIPE:
	case ENTRY_SOCKET:
		break;
	}
	return error_make(err, EINVAL, "'%s' is neither a file, a directory nor a symlink",
			  node->source);
}

int plan_add_tree(struct planner *planner, const char *source, const char *dest, mode_t mode,
		  const struct cause *cause, struct error **err)
{
	struct vec nodes = { 0 };
	const struct tree_node *node;
	int r = tree_list(source, &nodes, err);

	if (r == 0)
		r = plan_add_dir(planner, SEGMENT_MODULES, dest, 0755, cause, err);
	vec_foreach(i, node, &nodes) {
		_cleanup_free_ char *path = NULL;

		if (r < 0)
			break;
		if (asprintf(&path, "%s/%s", dest, node->path) < 0)
			r = error_no_memory(err);
		else
			r = add_node(planner, node, path, mode, cause, err);
	}
	vec_clear(&nodes, tree_node_free);
	return r;
}

/* A file or directory at source becomes dest. */
static int add_source(struct planner *planner, const char *source, const char *dest, mode_t mode,
		      const struct cause *cause, struct error **err)
{
	struct tree_node *node = NULL;
	int r = tree_probe(source, true, &node, err);

	if (r < 0)
		return r;
	if (node->kind == ENTRY_DIR)
		r = plan_add_tree(planner, source, dest, mode, cause, err);
	else
		r = add_node(planner, node, dest, mode, cause, err);
	tree_node_free(node);
	return r;
}

/* All that matches goes into the directory dest. */
static int plan_files_add_glob(struct planner *planner, const char *pattern, const char *dest,
			       mode_t mode, const struct cause *cause, struct error **err)
{
	struct vec paths = { 0 };
	const char *source;
	int r = tree_glob(pattern, &paths, err);

	vec_foreach(i, source, &paths) {
		const char *slash = strrchr(source, '/');
		_cleanup_free_ char *path = NULL;

		if (r < 0)
			break;
		if (asprintf(&path, "%s/%s", dest, slash ? slash + 1 : source) < 0)
			r = error_no_memory(err);
		else
			r = add_source(planner, source, path, mode, cause, err);
	}
	vec_clear(&paths, free);
	return r;
}

static int plan_files_add_file(struct planner *planner, const struct stmt *stmt,
			       const struct cause *cause, struct error **err)
{
	_cleanup_free_ char *source = plan_source_path(stmt, stmt->argv[1]);
	mode_t mode = 0;

	if (!source)
		return error_no_memory(err);
	if (stmt->argc > 2 && !parse_mode(stmt->argv[2], &mode))
		return error_make(err, EINVAL, "'%s' is not a mode", stmt->argv[2]);
	if (strpbrk(source, "*?[") && access(source, F_OK) < 0)
		return plan_files_add_glob(planner, source, stmt->argv[0], mode, cause, err);
	return add_source(planner, source, stmt->argv[0], mode, cause, err);
}

static int add_dir(struct planner *planner, const struct stmt *stmt, const struct cause *cause,
		   struct error **err)
{
	mode_t mode = 0755;

	if (stmt->argc > 1 && !parse_mode(stmt->argv[1], &mode))
		return error_make(err, EINVAL, "'%s' is not a mode", stmt->argv[1]);
	return plan_add_dir(planner, SEGMENT_MODULES, stmt->argv[0], mode, cause, err);
}

/* node DEST p [MODE] | node DEST b|c MAJOR MINOR [MODE] */
static int plan_files_add_device(struct planner *planner, const struct stmt *stmt,
				 const struct cause *cause, struct error **err)
{
	bool pipe = strcmp(stmt->argv[1], "p") == 0;
	size_t mode_arg = pipe ? 2 : 4;
	uint64_t major = 0, minor = 0;
	mode_t mode = 0600;
	struct fs_entry entry = { .kind = pipe ? ENTRY_PIPE : ENTRY_NODE,
				  .segment = SEGMENT_MODULES,
				  .path = strdup(stmt->argv[0]) };

	if (stmt->argc > mode_arg && !parse_mode(stmt->argv[mode_arg], &mode))
		mode = 0600;
	if (!pipe && (!parse_number(stmt->argv[2], UINT32_MAX, &major) ||
		      !parse_number(stmt->argv[3], UINT32_MAX, &minor))) {
		free(entry.path);
		return error_make(err, EINVAL, "a device needs its major and minor number");
	}
	entry.mode = mode;
	if (!pipe)
		entry.mode |= *stmt->argv[1] == 'b' ? S_IFBLK : S_IFCHR;
	entry.rdev = makedev((unsigned)major, (unsigned)minor);
	return plan_add(planner, &entry, cause, err);
}

/* Hooks of a phase run in the order of the profile: their names are numbered. */
static int add_hook(struct planner *planner, const struct stmt *stmt, const struct cause *cause,
		    size_t number, struct error **err)
{
	const char *slash = strrchr(stmt->argv[1], '/');
	_cleanup_free_ char *source = plan_source_path(stmt, stmt->argv[1]), *path = NULL;

	if (!source || asprintf(&path, "lib/mkvinitrd/hooks/%s/%02zu-%s", stmt->argv[0], number,
				slash ? slash + 1 : stmt->argv[1]) < 0)
		return error_no_memory(err);
	return add_source(planner, source, path, 0755, cause, err);
}

/* netfetch trusts the certificates in /etc/ssl/certs, in PEM. */
static int add_certificate(struct planner *planner, const struct stmt *stmt, const char *file,
			   const struct cause *cause, struct error **err)
{
	_cleanup_free_ char *source = plan_source_path(stmt, file), *path = NULL, *text = NULL;
	const char *slash = strrchr(file, '/');
	int r;

	if (!source || asprintf(&path, "etc/ssl/certs/%s", slash ? slash + 1 : file) < 0)
		return error_no_memory(err);
	r = read_file(source, &text, NULL, err);
	if (r < 0)
		return r;
	if (!strstr(text, "-----BEGIN CERTIFICATE-----"))
		return error_make(err, EINVAL,
				  "'%s' has no certificate in PEM (a line '-----BEGIN "
				  "CERTIFICATE-----'); convert it: "
				  "openssl x509 -inform DER -in FILE",
				  source);
	return add_source(planner, source, path, 0644, cause, err);
}

static int add_certificates(struct planner *planner, const struct stmt *stmt,
			    const struct cause *cause, struct error **err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stmt->argc; i++)
		r = add_certificate(planner, stmt, stmt->argv[i], cause, err);
	return r;
}

/* What cannot be the root of the profile's mode would stop the boot. */
static int check_root(struct planner *planner, const char *source, struct error **err)
{
	const struct stmt *root = profile_last(planner->profile, STMT_ROOT);
	struct root_facts facts;
	enum root_mode mode;
	int r = identify_root(source, &facts, err);

	if (r == 0 && root && root_mode_parse(root->argv[0], &mode) == 0)
		r = identify_check_mode(source, &facts, mode, err);
	return r;
}

/* `image file:PATH` lies at /NAME. */
static int add_image(struct planner *planner, const struct stmt *stmt, const struct cause *cause,
		     struct error **err)
{
	const char *value = stmt->argv[0] + strlen("file:"), *slash = strrchr(value, '/');
	_cleanup_free_ char *source = plan_source_path(stmt, value);
	struct tree_node *node = NULL;
	int r;

	if (!source)
		return error_no_memory(err);
	r = tree_probe(source, true, &node, err);
	if (r == 0 && node->kind != ENTRY_FILE)
		r = error_make(err, EINVAL, "'%s' is not a file", source);
	if (r == 0)
		r = check_root(planner, source, err);
	if (r == 0)
		r = add_node(planner, node, slash ? slash + 1 : value, 0644, cause, err);
	tree_node_free(node);
	return r;
}

static int add_statement(struct planner *planner, const struct stmt *stmt,
			 const struct cause *cause, size_t *hooks, struct error **err)
{
	/* only the last `image` counts */
	bool embeds = stmt->kind == STMT_IMAGE && strncmp(stmt->argv[0], "file:", 5) == 0 &&
		      profile_last(planner->profile, STMT_IMAGE) == stmt;

	if (stmt->kind == STMT_FILE)
		return plan_files_add_file(planner, stmt, cause, err);
	if (stmt->kind == STMT_DIR)
		return add_dir(planner, stmt, cause, err);
	if (stmt->kind == STMT_LINK)
		return plan_add_link(planner, SEGMENT_MODULES, stmt->argv[0], stmt->argv[1], cause,
				     err);
	if (stmt->kind == STMT_NODE)
		return plan_files_add_device(planner, stmt, cause, err);
	if (stmt->kind == STMT_HOOK)
		return add_hook(planner, stmt, cause, ++*hooks, err);
	if (stmt->kind == STMT_CERTIFICATE)
		return add_certificates(planner, stmt, cause, err);
	return embeds ? add_image(planner, stmt, cause, err) : 0;
}

int plan_files(struct planner *planner, struct error **err)
{
	const struct stmt *stmt;
	size_t hooks = 0;

	vec_foreach(i, stmt, &planner->profile->stmts) {
		_cleanup_free_ char *reason = NULL;
		_cleanup_error_ struct error *problem = NULL;
		const struct cause cause = stmt_cause(stmt, &reason);
		int r = add_statement(planner, stmt, &cause, &hooks, &problem);

		if (r == -ENOMEM)
			return error_move(err, steal_ptr(&problem));
		if (r < 0)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, stmt->argc > 1 ? 1 : 0, "%s",
				  error_msg(problem));
	}
	return 0;
}
