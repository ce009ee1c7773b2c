// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/stream/blockq.h"

#include <errno.h>
#include <pthread.h>

struct blockq {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int count, first, used;
	size_t block_size;
	bool finished, abandoned;
	int code;
	struct block blocks[];
};

int blockq_new(unsigned int count, size_t block_size, struct blockq **ret)
{
	struct blockq *q = calloc(1, sizeof(*q) + count * sizeof(q->blocks[0]));
	unsigned int i;

	if (!q)
		return -ENOMEM;
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	q->count = count;
	q->block_size = block_size;
	for (i = 0; i < count; i++) {
		q->blocks[i].data = malloc(block_size);
		if (!q->blocks[i].data) {
			blockq_free(&q);
			return -ENOMEM;
		}
	}
	*ret = q;
	return 0;
}

void blockq_free(struct blockq **q)
{
	unsigned int i;

	if (!*q)
		return;
	for (i = 0; i < (*q)->count; i++)
		free((*q)->blocks[i].data);
	pthread_cond_destroy(&(*q)->changed);
	pthread_mutex_destroy(&(*q)->lock);
	free(*q);
	*q = NULL;
}

size_t blockq_block_size(const struct blockq *q)
{
	return q->block_size;
}

struct block *blockq_empty(struct blockq *q)
{
	struct block *block = NULL;

	pthread_mutex_lock(&q->lock);
	while (q->used == q->count && !q->abandoned)
		pthread_cond_wait(&q->changed, &q->lock);
	if (!q->abandoned)
		block = &q->blocks[(q->first + q->used) % q->count];
	pthread_mutex_unlock(&q->lock);
	return block;
}

void blockq_push(struct blockq *q)
{
	pthread_mutex_lock(&q->lock);
	q->used++;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

void blockq_finish(struct blockq *q, int code)
{
	pthread_mutex_lock(&q->lock);
	q->finished = true;
	q->code = code;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

int blockq_full(struct blockq *q, struct block **ret)
{
	int r = 0;

	*ret = NULL;
	pthread_mutex_lock(&q->lock);
	while (q->used == 0 && !q->finished)
		pthread_cond_wait(&q->changed, &q->lock);
	if (q->used > 0)
		*ret = &q->blocks[q->first];
	else
		r = q->code;
	pthread_mutex_unlock(&q->lock);
	return r;
}

void blockq_pop(struct blockq *q)
{
	pthread_mutex_lock(&q->lock);
	q->first = (q->first + 1) % q->count;
	q->used--;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}

void blockq_abandon(struct blockq *q)
{
	pthread_mutex_lock(&q->lock);
	q->abandoned = true;
	pthread_cond_signal(&q->changed);
	pthread_mutex_unlock(&q->lock);
}
