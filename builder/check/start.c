// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/check/internal.h"
#include "builder/image/program.h"

/* "#!" may name a script: fs/exec.c follows this many. */
#define INTERPRETERS_MAX 5

static const struct program *program_of(const struct tree_node *node)
{
	return node && node->file ? node->file->facts : NULL;
}

/* $ORIGIN in a run path is the directory of the program itself. */
static bool in_run_path(const struct check *check, const struct tree_node *node,
			const char *run_path, const char *name)
{
	const char *slash = strrchr(node->path, '/');
	int origin_len = slash ? (int)(slash - node->path) : 0;

	for (const char *part = run_path; part;
	     part = strchr(part, ':') ? strchr(part, ':') + 1 : NULL) {
		int len = (int)strcspn(part, ":"), skip = 0;
		char path[PATH_MAX];

		if (strncmp(part, "$ORIGIN", 7) == 0)
			skip = 7;
		else if (strncmp(part, "${ORIGIN}", 9) == 0)
			skip = 9;
		snprintf(path, sizeof(path), "%.*s%.*s/%s", skip ? origin_len : 0, node->path,
			 len - skip, part + skip, name);
		if (image_tree_resolve(&check->tree, path, NULL))
			return true;
	}
	return false;
}

/* "lib/x86_64-linux-gnu" and the like. */
static bool is_multiarch_dir(const struct tree_node *node)
{
	const char *path = node->path;

	if (strncmp(path, "usr/", 4) == 0)
		path += 4;
	return S_ISDIR(node->mode) && strncmp(path, "lib/", 4) == 0 && !strchr(path + 4, '/') &&
	       strstr(path, "-linux-");
}

static bool in_dir(const struct check *check, const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return image_tree_resolve(&check->tree, path, NULL);
}

/* With a cache or a list of directories the dynamic linker finds libraries anywhere. */
static bool somewhere(const struct check *check, const char *name)
{
	const struct tree_node *node;

	if (!image_tree_find(&check->tree, "etc/ld.so.cache") &&
	    !image_tree_find(&check->tree, "etc/ld.so.conf") &&
	    !image_tree_find(&check->tree, "etc/ld.so.preload"))
		return false;
	vec_foreach(i, node, &check->tree.nodes) {
		const char *slash = strrchr(node->path, '/');

		if (slash && strcmp(slash + 1, name) == 0)
			return true;
	}
	return false;
}

/* Where ld.so(8) looks. */
static bool has_library(const struct check *check, const struct tree_node *node,
			const struct program *program, const char *name)
{
	static const char *const dirs[] = { "lib",	     "usr/lib", "lib64",    "usr/lib64",
					    "usr/local/lib", "lib32",	"usr/lib32" };
	const struct tree_node *dir;

	if (strchr(name, '/'))
		return image_tree_resolve(&check->tree, name, NULL);
	if (program->run_path && in_run_path(check, node, program->run_path, name))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (in_dir(check, dirs[i], name))
			return true;
	vec_foreach(i, dir, &check->tree.nodes)
		if (is_multiarch_dir(dir) && in_dir(check, dir->path, name))
			return true;
	return somewhere(check, name);
}

static void check_libraries(struct check *check, const char *rule, const struct tree_node *node,
			    const struct program *program)
{
	const char *name;

	vec_foreach(i, name, &program->needed)
		if (!has_library(check, node, program, name))
			check_add(check, rule, node->offset,
				  "'/%s' needs the library '%s', which is not in the image; add it,"
				  " or use a static program",
				  node->path, name);
}

/* The interpreter of node, or NULL after it has been told why not. */
static const struct tree_node *check_interpreter(struct check *check, const char *rule,
						 const struct tree_node *node,
						 const struct program *program)
{
	const struct tree_node *interpreter =
		image_tree_resolve(&check->tree, program->interpreter, NULL);

	if (interpreter && interpreter->file && interpreter->mode & 0111)
		return interpreter;
	check_add(check, rule, node->offset, "'/%s' is run by '%s', which is %s; %s", node->path,
		  program->interpreter, interpreter ? "not an executable file" : "not in the image",
		  program->kind == PROGRAM_SCRIPT ? "add it" : "add it, or use a static program");
	return NULL;
}

/* Follows interpreters down to a program that the kernel can start, and looks at the libraries. */
static void check_program(struct check *check, const char *rule, const struct tree_node *node)
{
	for (int depth = 0; node; depth++) {
		const struct program *program = program_of(node);

		if (depth > INTERPRETERS_MAX) {
			check_add(check, rule, node->offset,
				  "'/%s' ends a chain of more than %d interpreters", node->path,
				  INTERPRETERS_MAX);
			return;
		}
		if (!program)
			return;
		if (program->kind == PROGRAM_ELF)
			check_libraries(check, rule, node, program);
		if (!program->interpreter)
			return;
		node = check_interpreter(check, rule, node, program);
		/* the dynamic linker needs nothing more */
		if (program->kind == PROGRAM_ELF)
			return;
	}
}

static void check_init(struct check *check)
{
	_cleanup_free_ char *missing = NULL;
	const struct tree_node *init = image_tree_resolve(&check->tree, "init", &missing);

	if (!init)
		check_add(check, "no-init", CHECK_NO_OFFSET,
			  "the image has no /%s, which the kernel starts; add it",
			  missing && *missing ? missing : "init");
	else if (!init->file)
		check_add(check, "no-init", init->offset, "'/%s' is not a file", init->path);
	else if (!(init->mode & 0111))
		check_add(check, "no-init", init->offset,
			  "'/%s' is not executable (mode %04o); use mode 0755", init->path,
			  init->mode & 07777);
	else if (!program_of(init))
		check_add(check, "no-init", init->offset,
			  "'/%s' is neither a program nor a script that starts with '#!'",
			  init->path);
	else
		check_program(check, "no-init", init);
}

/* Of our own images every program must run; others carry optional ones whose libraries they leave
 * out on purpose. */
void check_start(struct check *check)
{
	const struct tree_node *node, *init = image_tree_resolve(&check->tree, "init", NULL);

	check_init(check);
	if (!check_is_ours(check))
		return;
	vec_foreach(i, node, &check->tree.nodes)
		if (node != init && node->file && node->mode & 0111)
			check_program(check, "missing-library", node);
}
