/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bounded queue of equal memory blocks between two threads: one fills, one
 * drains. It is what lets reading, decoding and writing overlap.
 */
#ifndef APPLETS_UNPACKROOT_STREAM_BLOCKQ_H
#define APPLETS_UNPACKROOT_STREAM_BLOCKQ_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct block {
	uint8_t *data;
	size_t len; /* bytes that are valid */
};

struct blockq;

/* count blocks of block_size bytes. Returns 0 or -ENOMEM. Released with blockq_free. */
int blockq_new(unsigned int count, size_t block_size, struct blockq **ret);
void blockq_free(struct blockq **q);

size_t blockq_block_size(const struct blockq *q);

/* Producer: waits for an empty block; NULL when the consumer has given up. Valid until blockq_push.
 */
struct block *blockq_empty(struct blockq *q);
/* Producer: hands over the block of the last blockq_empty. */
void blockq_push(struct blockq *q);
/* Producer: nothing follows. code: 0 at a good end, else the -errno of what went wrong. */
void blockq_finish(struct blockq *q, int code);

/*
 * Consumer: waits for the oldest full block and leaves it in the queue. *ret is NULL at the end.
 * Returns 0 or the code given to blockq_finish.
 */
int blockq_full(struct blockq *q, struct block **ret);
/* Consumer: the block of the last blockq_full may be filled again. */
void blockq_pop(struct blockq *q);
/* Consumer: wants no more; wakes the producer. Harmless after the end. */
void blockq_abandon(struct blockq *q);

#endif
