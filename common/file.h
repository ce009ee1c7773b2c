/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files and whole buffers. */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stddef.h>

#include "common/macro.h"

/*
 * Reads fd from where it stands to its end. *ret is owned by the caller and NUL-terminated behind
 * its *ret_len bytes (ret_len may be NULL). expected: how many bytes there probably are; 0: not
 * known, as in /proc and /sys. 0, -EFBIG above 1 GiB, or -errno.
 */
int read_all(int fd, size_t expected, char **ret, size_t *ret_len) _must_check_;

/* The same for the file at path. */
int read_text(const char *path, char **ret, size_t *ret_len) _must_check_;

/* Writes all of data: 0 or -errno. */
int write_all(int fd, const void *data, size_t len) _must_check_;

#endif
