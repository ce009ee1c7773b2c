/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes -> one zstd frame -> a file descriptor. */
#ifndef APPLETS_PACKROOT_ZSTREAM_H
#define APPLETS_PACKROOT_ZSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zstream;

/* NULL: no memory. fd stays the caller's. */
struct zstream *zstream_new(int fd);

/* 0 or -errno. */
int zstream_write(struct zstream *z, const void *data, size_t size);

/* Ends the frame. 0 or -errno. */
int zstream_end(struct zstream *z);

/* Bytes that went to the file descriptor. */
uint64_t zstream_written(const struct zstream *z);

void zstream_free(struct zstream *z);

#endif
