// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/blockcache.h"

/* More would make the linear search cost more than it saves. */
#define MAX_SLOTS 64

struct slot {
	uint64_t key, used;
	uint8_t *data;
	bool valid;
};

struct blockcache {
	size_t block_size, n_slots;
	uint64_t clock;
	struct slot *reserved;
	uint8_t *bytes; /* n_slots x block_size */
	struct slot slots[MAX_SLOTS];
};

struct blockcache *blockcache_new(size_t block_size, size_t limit)
{
	struct blockcache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->block_size = block_size;
	cache->n_slots = MAX((size_t)1, MIN(limit / block_size, (size_t)MAX_SLOTS));
	cache->bytes = calloc(cache->n_slots, block_size);
	if (!cache->bytes) {
		free(cache);
		return NULL;
	}
	for (size_t i = 0; i < cache->n_slots; i++)
		cache->slots[i].data = cache->bytes + i * block_size;
	return cache;
}

static struct slot *common_blockcache_find(struct blockcache *cache, uint64_t key)
{
	for (size_t i = 0; i < cache->n_slots; i++) {
		if (cache->slots[i].valid && cache->slots[i].key == key)
			return cache->slots + i;
	}
	return NULL;
}

const uint8_t *blockcache_find(struct blockcache *cache, uint64_t key)
{
	struct slot *slot = common_blockcache_find(cache, key);

	if (!slot)
		return NULL;
	slot->used = ++cache->clock;
	return slot->data;
}

static struct slot *oldest(struct blockcache *cache)
{
	struct slot *slot = cache->slots;

	for (size_t i = 0; i < cache->n_slots; i++) {
		if (!cache->slots[i].valid)
			return cache->slots + i;
		if (cache->slots[i].used < slot->used)
			slot = cache->slots + i;
	}
	return slot;
}

uint8_t *blockcache_reserve(struct blockcache *cache, uint64_t key)
{
	struct slot *slot = common_blockcache_find(cache, key);

	if (!slot)
		slot = oldest(cache);
	slot->valid = false;
	slot->key = key;
	cache->reserved = slot;
	return slot->data;
}

void blockcache_commit(struct blockcache *cache)
{
	cache->reserved->valid = true;
	cache->reserved->used = ++cache->clock;
}

void blockcache_free(struct blockcache *cache)
{
	if (!cache)
		return;
	free(cache->bytes);
	free(cache);
}
