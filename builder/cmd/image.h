/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ls, cat, unpack, diff and check share: opening an image, telling what is wrong with it. */
#ifndef BUILDER_CMD_IMAGE_H
#define BUILDER_CMD_IMAGE_H

#include "builder/image/source.h"
#include "builder/image/tree.h"

struct image_file {
	const char *path;
	struct image_source source;
	const uint8_t *data; /* the initramfs in it */
	size_t len;
	bool damaged; /* a broken rule kept part of it from being read */
};

/* Opens an initramfs, also that of a unified kernel image or a kernel. */
int image_file_open(struct image_file *file, const char *path, struct error **err) _must_check_;
void image_file_close(struct image_file *file);

/*
 * Walks it with these callbacks (may be NULL). What the kernel would refuse is reported as a
 * warning, once per rule, and reading continues as far as possible.
 */
int image_file_walk(struct image_file *file,
		    int (*segment)(void *context, const struct image_segment *, struct error **),
		    int (*entry)(void *context, const struct image_entry *, struct error **),
		    void *context, struct error **err) _must_check_;

/* The whole image as a tree; tree must be initialised. */
int image_file_tree(struct image_file *file, struct image_tree *tree,
		    struct error **err) _must_check_;

/* Prints a name of an image, which may hold anything: control characters and backslashes come as
 * octal escapes. */
void image_print_name(const char *name);

#endif
