/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a walk over an image tells its caller. */
#ifndef BUILDER_IMAGE_VISITOR_H
#define BUILDER_IMAGE_VISITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/* What one decompressor run of the kernel gives; runs that touch each other and have the same
 * compressor count as one. */
struct image_segment {
	unsigned index;		   /* from 0 */
	uint64_t offset;	   /* in the file */
	const char *compressor;	   /* "none", "gzip", "xz", "zstd", "lz4", "lzma", "bzip2", "lzo" */
	const char *config;	   /* what the kernel needs to unpack it: "RD_GZIP", or NULL */
	const char *filter_config; /* what it needs besides: "XZ_DEC_X86", or NULL */
};

struct image_entry {
	const struct image_segment *segment;
	uint64_t offset;  /* of the header, in the unpacked segment; in the file when that is not
			     compressed */
	const char *path; /* as stored, leading "./" and "/" removed; "." for the root */
	const char *link_target; /* of a symlink, else NULL */
	uint32_t ino, mode, uid, gid, nlink, mtime, dev_major, dev_minor, rdev_major, rdev_minor;
	unsigned link_scope; /* hard links are entries with nlink > 1 and equal dev, ino, type and
				link_scope */
	uint64_t size;
	const uint8_t *data;   /* size bytes, valid during the callback */
	const uint8_t *member; /* header, name, padding and data, valid during the callback */
	size_t member_size;
};

/* 0 = the default of that field. */
struct image_limits {
	uint64_t unpacked; /* bytes that all compressed segments together may unpack to; 16 GiB */
	uint64_t memory; /* one decompressor's window, and one member of a compressed segment; 4 GiB
			  */
};

struct image_visitor {
	int (*segment)(void *context, const struct image_segment *segment,
		       struct error **err); /* may be NULL */
	int (*entry)(void *context, const struct image_entry *entry, struct error **err);
	/*
	 * Called for each broken rule of the kernel's unpacker, offset in the file; 0 = continue as
	 * far as that makes sense. NULL = a broken rule is an error (-EBADMSG). Rules:
	 * segment-alignment, lz4-not-last, lz4-frame-magic, entry-cut, entry-header, checksum,
	 * cpio-format, zstd-window, xz-check, xz-filter, gzip-header, corrupt, truncated, junk.
	 */
	int (*violation)(void *context, const char *rule, uint64_t offset, const char *text,
			 struct error **err);
	void *context;
	struct image_limits limits;
};

#endif
