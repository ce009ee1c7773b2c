// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/http/prefetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "common/file.h"
#include "common/msg.h"

enum {
	PREFETCH_GRAINS = 64, /* of one request: a reader of one of them does not wait long */
	PREFETCH_STACK = 256 * 1024,
};

static bool is_stopped(struct prefetch *prefetch)
{
	return __atomic_load_n(&prefetch->stop, __ATOMIC_RELAXED);
}

static void set_flight(struct prefetch *prefetch, size_t first, size_t end)
{
	pthread_mutex_lock(&prefetch->lock);
	prefetch->flight = first;
	prefetch->flight_end = end;
	pthread_cond_broadcast(&prefetch->landed);
	pthread_mutex_unlock(&prefetch->lock);
}

/* n grains from first on, which are inside the file. False: it makes no sense to continue. */
static bool fetch_run(struct prefetch *prefetch, uint8_t *buf, size_t first, size_t n)
{
	uint64_t offset = (uint64_t)first * CACHE_GRAIN;
	uint64_t bytes = MIN((uint64_t)n * CACHE_GRAIN, prefetch->cache->size - offset);
	_cleanup_error_ struct error *err = NULL;
	int r;

	memset(buf, 0, n * CACHE_GRAIN);
	set_flight(prefetch, first, first + n);
	r = mirrors_read(prefetch->mirrors, &prefetch->link, buf, (size_t)bytes, offset, &err);
	if (r == 0)
		cache_put(prefetch->cache, first, n, buf);
	set_flight(prefetch, 0, 0);
	if (r < 0)
		msg(MSG_WARNING, "nothing more is fetched in advance: %s", error_msg(err));
	return r == 0;
}

/* What is not there of n grains. */
static bool fetch_missing(struct prefetch *prefetch, uint8_t *buf, size_t first, size_t n)
{
	size_t end = MIN(first + n, prefetch->cache->grains);

	while (first < end && !is_stopped(prefetch)) {
		size_t run = 0;

		while (first + run < end && run < PREFETCH_GRAINS &&
		       !cache_has(prefetch->cache, first + run))
			run++;
		if (run && !fetch_run(prefetch, buf, first, run))
			return false;
		first += run ? run : 1;
	}
	return first >= end;
}

/* Lines "FIRST COUNT", in grains; what is no such line is skipped. */
static bool fetch_list(struct prefetch *prefetch, uint8_t *buf, const char *path)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;

	if (read_text(path, &text, NULL) < 0)
		return true;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *end;
		unsigned long long first = strtoull(line, &end, 10), n = strtoull(end, NULL, 10);

		if (end == line || first >= prefetch->cache->grains || n > prefetch->cache->grains)
			continue;
		if (!fetch_missing(prefetch, buf, (size_t)first, (size_t)n))
			return false;
	}
	return true;
}

/* Whether all of it can stay; the cache is allowed to take it then. */
static bool make_room_for_all(struct prefetch *prefetch)
{
	struct cache *cache = prefetch->cache;
	struct sysinfo info;
	uint64_t free_now;

	if (!cache->is_memory)
		return true;
	if (sysinfo(&info) < 0)
		return false;
	free_now = (uint64_t)info.freeram * info.mem_unit;
	if (free_now < cache->size + (uint64_t)info.totalram * info.mem_unit / 8) {
		msg(MSG_WARNING,
		    "the image is not fetched in advance: it has %llu MiB, and %llu MiB of memory "
		    "are free",
		    (unsigned long long)(cache->size / MIB), (unsigned long long)(free_now / MIB));
		return false;
	}
	pthread_mutex_lock(&cache->lock);
	cache->limit = cache->size + CACHE_GRAIN;
	pthread_mutex_unlock(&cache->lock);
	return true;
}

static void report_end(struct prefetch *prefetch)
{
	size_t missing = 0;

	for (size_t i = 0; i < prefetch->cache->grains; i++)
		missing += cache_has(prefetch->cache, i) ? 0 : 1;
	if (missing)
		msg(MSG_WARNING, "the image was fetched, but %llu MiB of it could not be kept",
		    (unsigned long long)(missing * CACHE_GRAIN / MIB + 1));
	else
		msg(MSG_WARNING,
		    "the whole image has been fetched: its server is not needed any more");
}

static void *prefetch_main(void *arg)
{
	struct prefetch *prefetch = arg;
	const struct url_request *request = prefetch->request;
	uint8_t *buf = malloc((size_t)PREFETCH_GRAINS * CACHE_GRAIN);
	bool ok = buf != NULL;

	if (ok && request->first)
		ok = fetch_list(prefetch, buf, request->first);
	if (ok && request->everything && make_room_for_all(prefetch) &&
	    fetch_missing(prefetch, buf, 0, prefetch->cache->grains))
		report_end(prefetch);
	free(buf);
	return NULL;
}

int prefetch_start(struct prefetch *prefetch, const struct url_request *request,
		   struct mirrors *mirrors, struct cache *cache, struct error **err)
{
	pthread_attr_t attributes;
	int r;

	memset(prefetch, 0, sizeof(*prefetch));
	pthread_mutex_init(&prefetch->lock, NULL);
	pthread_cond_init(&prefetch->landed, NULL);
	if (!request->serves || (!request->first && !request->everything))
		return 0;
	prefetch->request = request;
	prefetch->mirrors = mirrors;
	prefetch->cache = cache;
	r = link_open(&prefetch->link, request, err);
	if (r < 0)
		return r;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PREFETCH_STACK);
	r = pthread_create(&prefetch->thread, &attributes, prefetch_main, prefetch);
	pthread_attr_destroy(&attributes);
	prefetch->runs = r == 0;
	return r ? error_sys(err, r, "cannot start a thread") : 0;
}

void prefetch_await(struct prefetch *prefetch, size_t grain)
{
	if (!prefetch->runs)
		return;
	pthread_mutex_lock(&prefetch->lock);
	while (grain >= prefetch->flight && grain < prefetch->flight_end)
		pthread_cond_wait(&prefetch->landed, &prefetch->lock);
	pthread_mutex_unlock(&prefetch->lock);
}

void prefetch_stop(struct prefetch *prefetch)
{
	__atomic_store_n(&prefetch->stop, true, __ATOMIC_RELAXED);
	if (prefetch->runs)
		pthread_join(prefetch->thread, NULL);
	if (prefetch->link.easy)
		link_close(&prefetch->link);
	pthread_cond_destroy(&prefetch->landed);
	pthread_mutex_destroy(&prefetch->lock);
}
