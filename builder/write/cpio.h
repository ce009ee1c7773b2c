/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the newc cpio format that the kernel unpacks.
 * Source: Documentation/driver-api/early-userspace/buffer-format.rst and init/initramfs.c.
 */
#ifndef BUILDER_WRITE_CPIO_H
#define BUILDER_WRITE_CPIO_H

#include "builder/resolve/fileset.h"
#include "builder/util/sentinel.h"
#include "builder/write/sink.h"

/*
 * Writes all entries of one segment in their order, then TRAILER!!! when trailer is set, padded to
 * 4 bytes. The sink must stand at an offset divisible by 4 (a compressor just opened does). mtime:
 * seconds, the same for every entry. A source that changed its size since it was planned is an
 * error (-ESTALE), one of 4 GiB or more -EFBIG. Adds to *stats (may be NULL).
 */
int cpio_write(const struct fileset *set, enum segment_kind segment, uint32_t mtime, int trailer,
	       struct sink *sink, struct cpio_stats *stats, struct error **err) _must_check_;

#endif
