/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any cpio initramfs: several segments, each with any of the kernel's compressors, ours or
 * another generator's. */
#ifndef BUILDER_IMAGE_IMAGE_H
#define BUILDER_IMAGE_IMAGE_H

#include "builder/image/visitor.h"

/*
 * Walks the whole image in the kernel's order (init/initramfs.c). A callback's non-zero return
 * stops the walk and is returned. -EFBIG, -ENOMEM: a limit; the message is prefixed with name.
 */
int image_walk(const uint8_t *image, size_t len, const char *name,
	       const struct image_visitor *visitor, struct error **err) _must_check_;

/* Maps a file read-only (reads it when it is a pipe); release with image_unmap. */
int image_map(const char *path, const uint8_t **ret, size_t *ret_len,
	      struct error **err) _must_check_;
void image_unmap(const uint8_t *image, size_t len);

#endif
