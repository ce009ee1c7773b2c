// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/cmd/command.h"
#include "builder/cmd/image.h"
#include "common/msg.h"

/* One path of the command line, and the content that it names. */
struct wanted {
	const struct tree_file *file; /* NULL: not found, told already */
	uint8_t *data;
};

struct request {
	struct wanted *wanted;
	size_t n;
	uint64_t ordinal; /* of the next member */
};

static const struct tree_file *cmd_cat_look_up(const struct image_tree *tree, const char *image,
					       const char *path)
{
	_cleanup_free_ char *missing = NULL;
	const struct tree_node *node = image_tree_resolve(tree, path, &missing);

	if (node && node->file)
		return node->file;
	if (node)
		msg(MSG_ERROR, "cat: '%s' in '%s' is not a regular file", path, image);
	else
		msg(MSG_ERROR, "cat: '%s' is not in '%s' (looked for '/%s'); see 'mkvinitrd ls'",
		    path, image, missing ? missing : "");
	return NULL;
}

/* Keeps a copy of the content for everyone who wants it. */
static int keep_content(void *context, const struct image_entry *entry, struct error **err)
{
	struct request *request = context;
	uint64_t ordinal = request->ordinal++;

	for (size_t i = 0; i < request->n; i++) {
		struct wanted *wanted = &request->wanted[i];

		if (!wanted->file || wanted->file->ordinal != ordinal)
			continue;
		free(wanted->data);
		wanted->data = malloc((size_t)entry->size + 1);
		if (!wanted->data)
			return error_no_memory(err);
		memcpy(wanted->data, entry->data, (size_t)entry->size);
	}
	return 0;
}

static int ignore_violation(void *context, const char *rule, uint64_t offset, const char *text,
			    struct error **err)
{
	return 0;
}

static int print_all(const struct request *request, struct error **err)
{
	for (size_t i = 0; i < request->n; i++) {
		const struct wanted *wanted = &request->wanted[i];

		if (wanted->data)
			fwrite(wanted->data, 1, (size_t)wanted->file->size, stdout);
	}
	if (fflush(stdout) == EOF)
		return error_sys(err, errno, "cannot write");
	return 0;
}

/* Two walks: only after the first is it known which member has the content of a path. */
static int cat(struct image_file *file, struct request *request, char **paths, bool *ret_missing,
	       struct error **err)
{
	struct image_tree tree = { 0 };
	int r = image_file_tree(file, &tree, err);

	for (size_t i = 0; r >= 0 && i < request->n; i++) {
		request->wanted[i].file = cmd_cat_look_up(&tree, file->path, paths[i]);
		*ret_missing |= !request->wanted[i].file;
	}
	if (r >= 0) {
		const struct image_visitor again = { .entry = keep_content,
						     .violation = ignore_violation,
						     .context = request };

		r = image_walk(file->data, file->len, file->path, &again, err);
	}
	if (r >= 0)
		r = print_all(request, err);
	for (size_t i = 0; i < request->n; i++)
		free(request->wanted[i].data);
	image_tree_release(&tree);
	return r;
}

int cmd_cat(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct request request = { 0 };
	struct image_file file;
	bool missing = false;
	int r;

	request.n = (size_t)options->argc - 1;
	request.wanted = calloc(request.n, sizeof(*request.wanted));
	if (!request.wanted) {
		msg(MSG_ERROR, "cat: out of memory");
		return STATUS_FAILED;
	}
	r = image_file_open(&file, options->argv[0], &err);
	if (r >= 0)
		r = cat(&file, &request, options->argv + 1, &missing, &err);
	if (r < 0)
		msg(MSG_ERROR, "cat: %s", error_msg(err));
	image_file_close(&file);
	free(request.wanted);
	return r < 0 || missing || file.damaged ? STATUS_FAILED : STATUS_OK;
}
