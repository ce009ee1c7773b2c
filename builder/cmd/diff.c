// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/cmd/command.h"
#include "builder/cmd/image.h"
#include "common/msg.h"
#include "common/print.h"

/* As diff(1). */
enum { SAME = 0, DIFFERENT = 1, TROUBLE = 2 };

struct totals {
	unsigned added, removed, changed;
	uint64_t added_bytes, removed_bytes;
	int64_t changed_bytes;
};

static uint64_t node_size(const struct tree_node *node)
{
	return node && node->file ? node->file->size : 0;
}

/* One of them may be missing. */
static const char *path_of(const struct tree_node *a, const struct tree_node *b)
{
	if (a)
		return a->path;
	return b ? b->path : "";
}

static bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* What differs, as words for the end of the line; false when nothing does. Times are not content.
 */
static bool diff_describe(const struct tree_node *a, const struct tree_node *b,
			  char text[static 96])
{
	const struct {
		bool differs;
		const char *word;
	} aspects[] = {
		{ (a->mode ^ b->mode) & S_IFMT, "type" },
		{ (a->mode ^ b->mode) & 07777, "mode" },
		{ a->uid != b->uid || a->gid != b->gid, "owner" },
		{ !same_string(a->target, b->target), "target" },
		{ a->rdev_major != b->rdev_major || a->rdev_minor != b->rdev_minor, "device" },
		{ a->file && b->file &&
			  (a->file->size != b->file->size ||
			   memcmp(a->file->digest, b->file->digest, sizeof(a->file->digest)) != 0),
		  "content" },
	};
	char *end = text;

	for (size_t i = 0; i < ARRAY_SIZE(aspects); i++)
		if (aspects[i].differs)
			end += sprintf(end, "%s%s", end == text ? "" : ", ", aspects[i].word);
	*end = '\0';
	return end != text;
}

static void diff_print_text(const struct tree_node *a, const struct tree_node *b, const char *what)
{
	printf("%c ", !b ? '-' : !a ? '+' : '~');
	image_print_name(path_of(a, b));
	if (!a || !b) {
		printf(" (%" PRIu64 " bytes)\n", node_size(a) + node_size(b));
		return;
	}
	printf(" (%s", what);
	if (node_size(a) != node_size(b))
		printf(", %" PRIu64 " -> %" PRIu64 " bytes", node_size(a), node_size(b));
	puts(")");
}

static void diff_print_json(const struct tree_node *a, const struct tree_node *b, const char *what,
			    bool first)
{
	printf("%s{\"change\":\"%s\",\"path\":", first ? "[\n" : ",\n",
	       !b   ? "removed"
	       : !a ? "added"
		    : "changed");
	print_json_text(stdout, path_of(a, b));
	if (a)
		printf(",\"old_size\":%" PRIu64, node_size(a));
	if (b)
		printf(",\"new_size\":%" PRIu64, node_size(b));
	if (a && b)
		printf(",\"what\":\"%s\"", what);
	putchar('}');
}

static void compare_nodes(const struct tree_node *a, const struct tree_node *b, bool json,
			  struct totals *totals)
{
	bool first = !totals->added && !totals->removed && !totals->changed;
	char what[96] = "";

	if (!b) {
		totals->removed++;
		totals->removed_bytes += node_size(a);
	} else if (!a) {
		totals->added++;
		totals->added_bytes += node_size(b);
	} else if (diff_describe(a, b, what)) {
		totals->changed++;
		totals->changed_bytes += (int64_t)node_size(b) - (int64_t)node_size(a);
	} else {
		return;
	}
	if (json)
		diff_print_json(a, b, what, first);
	else
		diff_print_text(a, b, what);
}

/* Both trees are sorted by path. */
static void compare_trees(const struct image_tree *a, const struct image_tree *b, bool json,
			  struct totals *totals)
{
	size_t i = 0, k = 0;

	while (i < a->nodes.len || k < b->nodes.len) {
		const struct tree_node *left = i < a->nodes.len ? a->nodes.items[i] : NULL;
		const struct tree_node *right = k < b->nodes.len ? b->nodes.items[k] : NULL;
		int order = !left ? 1 : !right ? -1 : strcmp(left->path, right->path);

		compare_nodes(order <= 0 ? left : NULL, order >= 0 ? right : NULL, json, totals);
		i += order <= 0;
		k += order >= 0;
	}
}

static void print_totals(const struct totals *t, const struct image_file *a,
			 const struct image_file *b)
{
	printf("%u added (%" PRIu64 " bytes), %u removed (%" PRIu64 " bytes), %u changed (%+" PRId64
	       " bytes); image %zu -> %zu bytes\n",
	       t->added, t->added_bytes, t->removed, t->removed_bytes, t->changed, t->changed_bytes,
	       a->len, b->len);
}

static int diff_load(const char *path, struct image_file *file, struct image_tree *tree)
{
	_cleanup_error_ struct error *err = NULL;
	int r = image_file_open(file, path, &err);

	tree->digests = true;
	if (r >= 0)
		r = image_file_tree(file, tree, &err);
	if (r < 0)
		msg(MSG_ERROR, "diff: %s", error_msg(err));
	return file->damaged ? -1 : r;
}

int cmd_diff(const struct options *options)
{
	struct image_tree a = { 0 }, b = { 0 };
	struct image_file file_a = { 0 }, file_b = { 0 };
	struct totals totals = { 0 };
	bool json = options->format == PLAN_JSON;
	int status = TROUBLE;

	if (diff_load(options->argv[0], &file_a, &a) >= 0 &&
	    diff_load(options->argv[1], &file_b, &b) >= 0) {
		compare_trees(&a, &b, json, &totals);
		status = totals.added || totals.removed || totals.changed ? DIFFERENT : SAME;
		if (json)
			puts(status == SAME ? "[]" : "\n]");
		else if (status == DIFFERENT)
			print_totals(&totals, &file_a, &file_b);
	}
	image_tree_release(&a);
	image_tree_release(&b);
	image_file_close(&file_a);
	image_file_close(&file_b);
	if (fflush(stdout) != EOF)
		return status;
	msg(MSG_ERROR, "cannot write to standard output: %s", strerror(errno));
	return TROUBLE;
}
