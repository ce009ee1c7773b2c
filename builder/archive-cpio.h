/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the newc cpio format that the kernel unpacks.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst and init/initramfs.c.
 */
#ifndef BUILDER_ARCHIVE_CPIO_H
#define BUILDER_ARCHIVE_CPIO_H

#include "builder/fileset.h"
#include "builder/sink.h"

struct cpio_stats {
	uint64_t members; /* entries without TRAILER!!! */
	uint64_t bytes;   /* sum of file sizes: what the unpacked tree needs at least */
};

/*
 * Writes all entries of one segment in their order, then TRAILER!!! when trailer is set, padded to 4 bytes.
 * mtime: seconds, the same for every entry. A source that changed its size since it was planned is an error (-ESTALE).
 * Adds to *stats (may be NULL).
 */
int cpio_write(const struct fileset *set, enum segment_kind segment, uint32_t mtime, int trailer,
	       struct sink *sink, struct cpio_stats *stats, struct error **err);

#endif
