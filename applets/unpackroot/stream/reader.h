/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The archive as it lies there: read, hashed, and freed behind the reader when asked for. */
#ifndef APPLETS_UNPACKROOT_STREAM_READER_H
#define APPLETS_UNPACKROOT_STREAM_READER_H

#include <stdatomic.h>

#include "applets/unpackroot/stream/blockq.h"

#define SHA256_SIZE 32
#define SHA256_HEX  64 /* digits */

struct reader {
	int fd;
	bool hash;    /* also continues to the end of fd when nobody wants the blocks any more */
	bool consume; /* punch holes behind; fd is a regular file open for writing */
	int wake;     /* eventfd of reader_stop, or -1 */
	struct blockq *out;
	_Atomic uint64_t done;	     /* bytes read so far; other threads may look */
	uint8_t digest[SHA256_SIZE]; /* with hash: valid when reader_run returned 0 */
	struct error *err;	     /* owned by the reader's owner */
};

/*
 * Pushes all of fd into out and finishes it. count is the number of blocks in out: what lies that
 * many blocks behind is no longer needed by anybody. Returns 0, -ECANCELED after reader_stop, or
 * -errno with reader->err set.
 */
int reader_run(struct reader *reader, unsigned int count);

/* From another thread: read no more, not even to hash; wakes a reader that waits for a pipe. */
void reader_stop(struct reader *reader);

/* SHA-256 (FIPS 180-4) of all of fd from offset 0; the offset of fd is 0 afterwards. 0 or -errno.
 */
int reader_digest(int fd, uint8_t digest[SHA256_SIZE], struct error **err) _must_check_;

/* 64 hexadecimal digits of either case. 0 or -EINVAL. */
int sha256_parse(const char *hex, uint8_t digest[SHA256_SIZE]);
/* hex: room for SHA256_HEX + 1 characters. */
void sha256_format(const uint8_t digest[SHA256_SIZE], char *hex);

#endif
