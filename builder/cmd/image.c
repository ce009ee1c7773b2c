// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/msg.h"
#include "common/print.h"

/* The walk and the callbacks of the command that wants it. */
struct walk_context {
	struct image_file *file;
	int (*segment)(void *context, const struct image_segment *, struct error **);
	int (*entry)(void *context, const struct image_entry *, struct error **);
	void *context;
	char told[256]; /* rules warned of, each with a space in front */
};

int image_file_open(struct image_file *file, const char *path, struct error **err)
{
	int r;

	*file = (struct image_file){ .path = path };
	r = image_source_open(path, &file->source, err);
	file->data = file->source.data;
	file->len = file->source.len;
	return r;
}

void image_file_close(struct image_file *file)
{
	image_source_close(&file->source);
	file->data = NULL;
}

static int on_segment(void *context, const struct image_segment *segment, struct error **err)
{
	const struct walk_context *w = context;

	return w->segment ? w->segment(w->context, segment, err) : 0;
}

static int cmd_image_on_entry(void *context, const struct image_entry *entry, struct error **err)
{
	const struct walk_context *w = context;

	return w->entry ? w->entry(w->context, entry, err) : 0;
}

static bool loses_members(const char *rule)
{
	static const char *const rules[] = { "corrupt",	    "truncated",    "junk",
					     "cpio-format", "entry-header", "checksum" };

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (strcmp(rule, rules[i]) == 0)
			return true;
	return false;
}

static int on_violation(void *context, const char *rule, uint64_t offset, const char *text,
			struct error **err)
{
	struct walk_context *w = context;
	size_t used = strlen(w->told), size = strlen(rule) + 1;
	bool damage = loses_members(rule);

	w->file->damaged |= damage;
	if (strstr(w->told, rule))
		return 0;
	if (used + 1 + size <= sizeof(w->told)) {
		w->told[used] = ' ';
		memcpy(w->told + used + 1, rule, size);
	}
	msg(damage ? MSG_ERROR : MSG_WARNING, "%s: %s at offset 0x%" PRIx64 ": %s", w->file->path,
	    rule, offset, text);
	return 0;
}

int image_file_walk(struct image_file *file,
		    int (*segment)(void *context, const struct image_segment *, struct error **),
		    int (*entry)(void *context, const struct image_entry *, struct error **),
		    void *context, struct error **err)
{
	struct walk_context w = { file, segment, entry, context, "" };
	const struct image_visitor visitor = { .segment = on_segment,
					       .entry = cmd_image_on_entry,
					       .violation = on_violation,
					       .context = &w };

	return image_walk(file->data, file->len, file->path, &visitor, err);
}

static int add_to_tree(void *context, const struct image_entry *entry, struct error **err)
{
	return image_tree_add(context, entry, err);
}

int image_file_tree(struct image_file *file, struct image_tree *tree, struct error **err)
{
	int r = image_file_walk(file, NULL, add_to_tree, tree, err);

	if (r >= 0)
		image_tree_finish(tree);
	return r;
}

void image_print_name(const char *name)
{
	while (*name) {
		bool printable;
		size_t n = print_character(name, &printable);

		for (size_t i = 0; i < n; i++) {
			if (printable && *name != '\\')
				putchar(name[i]);
			else
				printf("\\%03o", (unsigned char)name[i]);
		}
		name += n;
	}
}
