/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files into memory. */
#ifndef BUILDER_UTIL_READFILE_H
#define BUILDER_UTIL_READFILE_H

#include "common/error.h"

/*
 * Reads a regular file; *ret_text is owned by the caller and NUL-terminated behind its *ret_len
 * bytes (ret_len may be NULL). -ENOENT and the like from open, -EINVAL for what is not a regular
 * file, -EFBIG above 1 GiB.
 */
int read_file(const char *path, char **ret_text, size_t *ret_len, struct error **err) _must_check_;

#endif
