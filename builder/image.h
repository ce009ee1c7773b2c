/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads any cpio initramfs: several segments, each with any of the kernel's compressors, ours or another generator's. */
#ifndef BUILDER_IMAGE_H
#define BUILDER_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

struct image_segment {
	unsigned index;         /* from 0 */
	uint64_t offset;        /* in the file */
	const char *compressor; /* "none", "gzip", "xz", "zstd", "lz4", "lzma", "bzip2", "lzo" */
};

struct image_entry {
	const struct image_segment *segment;
	uint64_t offset; /* of the header in the unpacked segment */
	const char *path; /* as stored, leading "./" and "/" removed */
	const char *link_target;
	uint32_t ino, mode, uid, gid, nlink, mtime, rdev_major, rdev_minor;
	uint64_t size;
	const uint8_t *data; /* size bytes, valid during the callback */
};

struct image_visitor {
	int (*segment)(void *context, const struct image_segment *segment, struct error **err); /* may be NULL */
	int (*entry)(void *context, const struct image_entry *entry, struct error **err);
	/* Called for each broken rule ("segment-alignment", ...); NULL = a broken rule is an error. */
	int (*violation)(void *context, const char *rule, uint64_t offset, const char *text, struct error **err);
	void *context;
};

/* Walks the whole image in the kernel's order. A callback's non-zero return stops the walk and is returned. */
int image_walk(const uint8_t *image, size_t len, const char *name, const struct image_visitor *visitor,
	       struct error **err);

/* Maps a file read-only; release with image_unmap. */
int image_map(const char *path, const uint8_t **ret, size_t *ret_len, struct error **err);
void image_unmap(const uint8_t *image, size_t len);

#endif
