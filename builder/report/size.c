// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/size.h"

#include <search.h>
#include <stdio.h>
#include <string.h>

#include "builder/profile/value.h"

#define CPIO_HEADER 110 /* newc: Documentation/driver-api/early-userspace/buffer-format.rst */

/* What tree_file.facts points to for an ELF file; its content does not matter. */
static char elf_mark;

const char *size_kind_name(enum size_kind kind)
{
	static const char *const names[] = { "modules",
					     "firmware",
					     "microcode",
					     "programs",
					     "libraries",
					     "scripts and data",
					     "links and directories" };

	return names[kind];
}

static int size_look_at_content(void *context, struct tree_file *file,
				const struct image_entry *entry, struct error **err)
{
	if (entry->size >= 4 && memcmp(entry->data, "\177ELF", 4) == 0)
		file->facts = &elf_mark;
	return 0;
}

static bool has_part(const char *path, const char *directory)
{
	return strncmp(path, directory, strlen(directory)) == 0;
}

static enum size_kind size_kind_of(const struct tree_node *node)
{
	const char *path = node->path, *usr = after_prefix(path, "usr/");

	path = usr ? usr : path;
	if (!node->file)
		return SIZE_LINK;
	if (has_part(path, "lib/modules/"))
		return SIZE_MODULE;
	if (has_part(path, "lib/firmware/"))
		return SIZE_FIRMWARE;
	if (has_part(path, "kernel/"))
		return SIZE_MICROCODE;
	if (node->file->facts != &elf_mark)
		return SIZE_FILE;
	return strstr(path, ".so") || has_part(path, "lib") ? SIZE_LIBRARY : SIZE_PROGRAM;
}

static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~(uint64_t)3;
}

/* With its header and name; the content counts for the link that brought it. */
static uint64_t size_unpacked(const struct tree_node *node)
{
	uint64_t n = align4(CPIO_HEADER + strlen(node->path) + 1);

	if (node->target)
		n += align4(strlen(node->target));
	if (node->file && node->file->ordinal == node->ordinal)
		n += align4(node->file->size);
	return n;
}

static uint64_t size_stored(const struct record *record, const struct tree_node *node,
			    uint64_t unpacked)
{
	const struct record_segment *segment;
	size_t first = 0, end = record->segments.len;

	/* they are in the order of the file */
	while (end - first > 1) {
		size_t middle = first + (end - first) / 2;

		segment = record->segments.items[middle];
		*(segment->offset <= node->offset ? &first : &end) = middle;
	}
	segment = end ? record->segments.items[first] : NULL;
	if (!segment || segment->offset != node->offset || !segment->unpacked)
		return 0;
	return (uint64_t)((double)unpacked * (double)segment->length / (double)segment->unpacked);
}

/* "profile 'module =block'" -> "module =block"; owned by the caller, NULL without memory. */
static char *size_reason(const struct record *record, const struct tree_node *node,
			 const struct why *why)
{
	const char *line;
	size_t len;

	if (!record->text)
		return strdup("not recorded");
	if (!why)
		return strdup("in every image");
	line = after_prefix(why->reason, "profile '");
	if (!line)
		return strdup(why->reason);
	len = strlen(line);
	return strndup(line, len && line[len - 1] == '\'' ? len - 1 : len);
}

static int size_row_compare(const void *a, const void *b)
{
	const struct size_row *left = a, *right = b;
	int order = (int)left->kind - (int)right->kind;

	order = order ? order : strcmp(left->reason, right->reason);
	return order ? order : strcmp(left->where, right->where);
}

static void size_row_free(void *item)
{
	struct size_row *row = item;

	vec_clear(&row->members, free);
	free(row->reason);
	free(row->where);
	free(row);
}

/* Takes reason. NULL without memory. */
static struct size_row *size_row_new(enum size_kind kind, char *reason, const char *where)
{
	struct size_row *row = calloc(1, sizeof(*row));

	if (!row) {
		free(reason);
		return NULL;
	}
	row->kind = kind;
	row->reason = reason;
	row->where = strdup(where);
	if (row->reason && row->where)
		return row;
	size_row_free(row);
	return NULL;
}

/* Takes reason. NULL without memory. */
static struct size_row *size_row_for(struct size_report *report, enum size_kind kind, char *reason,
				     const char *where)
{
	struct size_row *row = size_row_new(kind, reason, where);
	struct size_row **known = row ? tsearch(row, &report->index, size_row_compare) : NULL;
	struct size_row *found = known ? *known : NULL;

	if (found && found == row && vec_push(&report->rows, row) < 0) {
		tdelete(row, &report->index, size_row_compare);
		found = NULL;
	}
	if (row && found != row)
		size_row_free(row);
	return found;
}

static int size_add_member(struct size_report *report, const struct tree_node *node,
			   struct error **err)
{
	const struct why *known = record_find(&report->record, node->path);
	const struct why *why = known ? known->root : NULL;
	enum size_kind kind = size_kind_of(node);
	struct size_row *row = size_row_for(report, kind, size_reason(&report->record, node, why),
					    why ? why->where : "");
	struct size_member *member = row ? calloc(1, sizeof(*member)) : NULL;

	if (!member || vec_push(&row->members, member) < 0) {
		free(member);
		return error_no_memory(err);
	}
	member->path = node->path;
	member->kind = kind;
	member->unpacked = size_unpacked(node);
	member->stored = size_stored(&report->record, node, member->unpacked);
	row->unpacked += member->unpacked;
	row->stored += member->stored;
	report->unpacked += member->unpacked;
	report->stored += member->stored;
	report->members++;
	return 0;
}

static int compare_sizes(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_size_members(const void *a, const void *b)
{
	const struct size_member *left = a, *right = b;
	int order = compare_sizes(left->stored, right->stored);

	return order ? order : strcmp(left->path, right->path);
}

static int compare_size_rows(const void *a, const void *b)
{
	const struct size_row *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->stored != right->stored)
		return compare_sizes(left->stored, right->stored);
	return strcmp(left->reason, right->reason);
}

int size_measure(struct size_report *report, const char *path, struct error **err)
{
	const struct tree_node *node;
	struct size_row *row;
	int r;

	*report = (struct size_report){ .path = path };
	report->record.tree.content = size_look_at_content;
	r = record_read(&report->record, path, err);
	vec_foreach(i, node, &report->record.tree.nodes)
		if (r == 0)
			r = size_add_member(report, node, err);
	vec_foreach(i, row, &report->rows)
		vec_sort(&row->members, compare_size_members);
	vec_sort(&report->rows, compare_size_rows);
	return r;
}

/* The index owns nothing. */
static void size_keep(void *item)
{
	(void)item;
}

void size_release(struct size_report *report)
{
	tdestroy(report->index, size_keep);
	vec_clear(&report->rows, size_row_free);
	record_release(&report->record);
}
