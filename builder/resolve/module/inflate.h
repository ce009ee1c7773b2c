/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the kernel's build or a package compressed one by one: modules and firmware. */
#ifndef BUILDER_RESOLVE_MODULE_INFLATE_H
#define BUILDER_RESOLVE_MODULE_INFLATE_H

#include "common/error.h"

/* By the end of the name: "xz", "zst", "gz", or NULL for a plain file. */
const char *inflate_codec(const char *path);

/* Reads a file and decompresses it by its codec. *ret_data is owned by the caller. -EBADMSG:
 * damaged; -EFBIG: over 256 MiB. */
int inflate_file(const char *path, char **ret_data, size_t *ret_len,
		 struct error **err) _must_check_;

#endif
