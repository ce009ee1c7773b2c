/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the newc cpio format that the kernel unpacks.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst and init/initramfs.c.
 */
#ifndef BUILDER_ARCHIVE_CPIO_H
#define BUILDER_ARCHIVE_CPIO_H

#include "builder/resolve/fileset.h"
#include "builder/write/sink.h"

/* The last member of our images; see cpio_sentinel. */
#define CPIO_SENTINEL_PATH "etc/mkvinitrd/sentinel"

/*
 * What was written. The digest is the sum (mod 2^128) of the XXH3-128 of each member: its header, name, padding and content,
 * without the padding after it. As a sum it does not depend on how members are spread over segments, so the stats of a cached
 * segment can be kept with it and added.
 */
struct cpio_stats {
	uint64_t members; /* entries without TRAILER!!! */
	uint64_t bytes;	  /* sum of file sizes: what the unpacked tree needs at least */
	uint64_t digest[2]; /* low, high */
};

/* Adds one member that was read: its bytes in the archive up to the end of the content; size: of a regular file, else 0. */
void cpio_stats_add_bytes(struct cpio_stats *stats, const uint8_t *member, size_t len, uint64_t size);

/* *to += *from, e.g. of a segment from the cache. */
void cpio_stats_add(struct cpio_stats *to, const struct cpio_stats *from);

/*
 * Text of etc/mkvinitrd/sentinel for an image whose other members are counted in *stats:
 * "members=N\nxxh128=HEX\n" (32 hex digits). Owned by the caller; NULL when memory is out.
 */
char *cpio_sentinel(const struct cpio_stats *stats) _must_check_;

/*
 * Writes all entries of one segment in their order, then TRAILER!!! when trailer is set, padded to 4 bytes.
 * The sink must stand at an offset divisible by 4 (a compressor just opened does). mtime: seconds, the same for every entry.
 * A source that changed its size since it was planned is an error (-ESTALE), one of 4 GiB or more -EFBIG.
 * Adds to *stats (may be NULL).
 */
int cpio_write(const struct fileset *set, enum segment_kind segment, uint32_t mtime, int trailer,
	       struct sink *sink, struct cpio_stats *stats, struct error **err);

#endif
