/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The block queue as libarchive's input, with a watch on how it ends. */
#ifndef APPLETS_UNPACKROOT_STREAM_STREAM_IN_H
#define APPLETS_UNPACKROOT_STREAM_STREAM_IN_H

#include <archive.h>

#include "applets/unpackroot/stream/blockq.h"

struct stream_in {
	struct blockq *queue;
	struct block *block;  /* lent to libarchive, or NULL */
	uint64_t total;	      /* bytes that came through */
	uint64_t nonzero_end; /* offset behind the last byte that is not 0 */
	int code;	      /* of blockq_full */
};

/* Reading callback of archive_read_open; data is a struct stream_in. */
la_ssize_t stream_in_read(struct archive *a, void *data, const void **ret_buf);

/* Takes in what libarchive left, to the end. 0 or the queue's -errno. */
int stream_in_drain(struct stream_in *in);

#endif
