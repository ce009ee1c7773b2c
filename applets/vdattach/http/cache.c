// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/http/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>

#include "applets/vdattach/format/common/crc32c.h"
#include "applets/vdattach/source/url.h"
#include "common/bytes.h"
#include "common/file.h"
#include "common/msg.h"

#define CACHE_MAGIC   "vinitrd http 1\n"
#define CACHE_SHARE   8		 /* of the memory */
#define RESERVE_SHARE 16	 /* of the memory is left to others */
#define TMPFS	      0x01021994 /* TMPFS_MAGIC of linux/magic.h */

static uint64_t index_offset(const struct cache *cache)
{
	return (uint64_t)cache->grains * CACHE_GRAIN;
}

static uint32_t checksum(const uint8_t *data)
{
	uint32_t crc = crc32c(0, data, CACHE_GRAIN);

	return crc ? crc : 1;
}

static void make_header(const struct cache *cache, const char *identity, uint8_t *header)
{
	memset(header, 0, CACHE_GRAIN);
	memcpy(header, CACHE_MAGIC, sizeof(CACHE_MAGIC));
	put_le64(header + 32, cache->size);
	snprintf((char *)header + 64, URL_IDENTITY_MAX, "%s", identity);
}

static bool cache_load(struct cache *cache, const uint8_t *header)
{
	uint8_t found[CACHE_GRAIN];
	size_t n = cache->grains * sizeof(uint32_t);
	off_t at = (off_t)index_offset(cache);

	if (pread(cache->fd, found, sizeof(found), at) != sizeof(found) ||
	    memcmp(found, header, sizeof(found)) != 0 ||
	    pread(cache->fd, cache->checksums, n, at + CACHE_GRAIN) != (ssize_t)n)
		return false;
	for (size_t i = 0; i < cache->grains; i++) {
		cache->checksums[i] = get_le32((const uint8_t *)&cache->checksums[i]);
		cache->held += cache->checksums[i] ? CACHE_GRAIN : 0;
	}
	return true;
}

static int cache_empty(struct cache *cache, const uint8_t *header, struct error **err)
{
	off_t at = (off_t)index_offset(cache);

	memset(cache->checksums, 0, cache->grains * sizeof(uint32_t));
	cache->held = 0;
	if (ftruncate(cache->fd, 0) < 0 ||
	    ftruncate(cache->fd, at + CACHE_GRAIN + (off_t)(cache->grains * sizeof(uint32_t))) <
		    0 ||
	    pwrite(cache->fd, header, CACHE_GRAIN, at) != CACHE_GRAIN)
		return error_sys(err, errno, "cannot make the cache");
	return 0;
}

static void choose_limit(struct cache *cache, uint64_t limit)
{
	struct statfs fs;
	struct sysinfo info;

	cache->is_memory = fstatfs(cache->fd, &fs) == 0 && fs.f_type == TMPFS;
	cache->limit = limit;
	if (!limit && cache->is_memory && sysinfo(&info) == 0)
		cache->limit = (uint64_t)info.totalram * info.mem_unit / CACHE_SHARE;
}

int cache_open(struct cache *cache, const char *path, uint64_t size, const char *identity,
	       uint64_t limit, struct error **err)
{
	uint8_t header[CACHE_GRAIN];

	memset(cache, 0, sizeof(*cache));
	pthread_mutex_init(&cache->lock, NULL);
	cache->size = size;
	cache->grains = (size_t)((size + CACHE_GRAIN - 1) / CACHE_GRAIN);
	cache->checksums = calloc(cache->grains + 1, sizeof(uint32_t));
	cache->used = calloc(cache->grains + 1, sizeof(bool));
	cache->fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)
			 : memfd_create("vdattach-cache", MFD_CLOEXEC);
	if (!cache->checksums || !cache->used || cache->fd < 0)
		return error_sys(err, cache->fd < 0 ? errno : ENOMEM, "cannot open the cache '%s'",
				 path ? path : "in memory");
	choose_limit(cache, limit);
	make_header(cache, identity, header);
	return cache_load(cache, header) ? 0 : cache_empty(cache, header, err);
}

void cache_close(struct cache *cache)
{
	closep(&cache->fd);
	free(cache->checksums);
	free(cache->used);
	pthread_mutex_destroy(&cache->lock);
}

static void write_checksums(struct cache *cache, size_t first, size_t n)
{
	uint8_t buf[256 * sizeof(uint32_t)];

	while (n > 0) {
		size_t part = MIN(n, (size_t)256);

		for (size_t i = 0; i < part; i++)
			put_le32(buf + 4 * i, cache->checksums[first + i]);
		(void)!pwrite(cache->fd, buf, 4 * part,
			      (off_t)(index_offset(cache) + CACHE_GRAIN + 4 * first));
		first += part;
		n -= part;
	}
}

/* The space of the grains is given back. */
static void cache_drop(struct cache *cache, size_t first, size_t n)
{
	memset(cache->checksums + first, 0, n * sizeof(uint32_t));
	write_checksums(cache, first, n);
	(void)!fallocate(cache->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)first * CACHE_GRAIN, (off_t)n * CACHE_GRAIN);
}

bool cache_has(struct cache *cache, size_t grain)
{
	return __atomic_load_n(&cache->checksums[grain], __ATOMIC_RELAXED) != 0;
}

bool cache_get(struct cache *cache, size_t grain, uint8_t *ret)
{
	bool have;

	pthread_mutex_lock(&cache->lock);
	have = cache->checksums[grain] &&
	       pread(cache->fd, ret, CACHE_GRAIN, (off_t)grain * CACHE_GRAIN) == CACHE_GRAIN;
	if (have && checksum(ret) != cache->checksums[grain]) {
		cache_drop(cache, grain, 1);
		cache->held -= CACHE_GRAIN;
		have = false;
	}
	cache->used[grain] = have;
	pthread_mutex_unlock(&cache->lock);
	return have;
}

static uint64_t memory_available(uint64_t *ret_total)
{
	char text[512];
	const char *line;
	struct sysinfo info;

	*ret_total = sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
	if (read_start(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) < 0 ||
	    !(line = strstr(text, "MemAvailable:")))
		return UINT64_MAX;
	return strtoull(line + 13, NULL, 10) * KIB;
}

/* How much may be held now: less where others need the memory. */
static uint64_t allowance(const struct cache *cache)
{
	uint64_t total, available;

	if (!cache->is_memory)
		return cache->limit ? cache->limit : UINT64_MAX;
	available = memory_available(&total);
	if (available < total / RESERVE_SHARE)
		return cache->held / 2;
	return cache->limit;
}

/* What was not used since the hand came by last goes, in the order of the file. */
static void cache_make_room(struct cache *cache, uint64_t bytes)
{
	uint64_t allowed = allowance(cache);

	for (size_t steps = 0; cache->held + bytes > allowed && steps < 2 * cache->grains;
	     steps++) {
		size_t grain = cache->hand;

		cache->hand = (cache->hand + 1) % cache->grains;
		if (!cache->checksums[grain])
			continue;
		if (cache->used[grain]) {
			cache->used[grain] = false;
			continue;
		}
		cache_drop(cache, grain, 1);
		cache->held -= CACHE_GRAIN;
	}
}

void cache_put(struct cache *cache, size_t grain, size_t n, const uint8_t *data)
{
	size_t bytes = n * CACHE_GRAIN;

	pthread_mutex_lock(&cache->lock);
	if (!cache->full)
		cache_make_room(cache, bytes);
	if (!cache->full &&
	    pwrite(cache->fd, data, bytes, (off_t)grain * CACHE_GRAIN) == (ssize_t)bytes) {
		for (size_t i = 0; i < n; i++) {
			cache->held += cache->checksums[grain + i] ? 0 : CACHE_GRAIN;
			cache->checksums[grain + i] = checksum(data + i * CACHE_GRAIN);
		}
		write_checksums(cache, grain, n);
	} else if (!cache->full && !cache->is_memory) {
		cache->full = true;
		msg(MSG_WARNING, "the cache has no more room: what else is read is not kept");
	}
	pthread_mutex_unlock(&cache->lock);
}
