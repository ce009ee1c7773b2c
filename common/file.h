/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files and whole buffers. */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "common/macro.h"

/*
 * Reads fd from where it stands to its end. *ret is owned by the caller and NUL-terminated behind
 * its *ret_len bytes (ret_len may be NULL). expected: how many bytes there probably are; 0: not
 * known, as in /proc and /sys. 0, -EFBIG above 1 GiB, or -errno.
 */
int read_all(int fd, size_t expected, char **ret, size_t *ret_len) _must_check_;

/* The same for the file at path. */
int read_text(const char *path, char **ret, size_t *ret_len) _must_check_;

/*
 * Reads the beginning of a small file, as those of /proc and /sys are, by one read(2). dir: a
 * descriptor or AT_FDCWD. What is longer than size - 1 is cut; buf is NUL-terminated, also on
 * failure. The number of bytes or -errno, -ELOOP for a symbolic link.
 */
ssize_t read_start(int dir, const char *path, char *buf, size_t size);

/* Writes all of data: 0 or -errno. */
int write_all(int fd, const void *data, size_t len) _must_check_;

#endif
