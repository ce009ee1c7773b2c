// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/http/cache.h"
#include "applets/vdattach/http/mirrors.h"
#include "applets/vdattach/http/prefetch.h"

/*
 * A read that follows no other fetches FIRST at least, and each that continues the last one twice
 * as much: file systems read small pieces here and there, programs whole files.
 */
enum { FIRST_GRAINS = 4, MOST_GRAINS = 128, BUFFER_GRAINS = 256 };

/* libcurl's for a proxy without one */
#define PROXY_PORT "1080"

struct url_source {
	struct source source;
	struct url_request request;
	struct mirrors mirrors;
	struct http_link link;
	struct cache cache;
	struct prefetch prefetch;
	uint8_t *buf;
	size_t next;   /* the grain behind what was fetched last */
	size_t window; /* grains */
	int trace;
	bool *traced; /* by grain */
};

static struct url_source *to_url(struct source *source)
{
	return (struct url_source *)source;
}

/* From first on; needed: that many are read. Those behind are fetched as far as none of them is
 * there. */
static size_t choose_run(struct url_source *s, size_t first, size_t needed)
{
	size_t n = 1, most;

	s->window =
		first == s->next ? MIN(s->window * 2, (size_t)MOST_GRAINS) : (size_t)FIRST_GRAINS;
	most = MIN(MAX(needed, s->window), (size_t)BUFFER_GRAINS);
	while (n < most && first + n < s->cache.grains && !cache_has(&s->cache, first + n))
		n++;
	return n;
}

/* Fetches grains from first on into s->buf; *ret: how many. */
static int fetch(struct url_source *s, size_t first, size_t needed, size_t *ret)
{
	size_t n = choose_run(s, first, needed);
	uint64_t offset = (uint64_t)first * CACHE_GRAIN;
	uint64_t bytes = MIN((uint64_t)n * CACHE_GRAIN, s->source.size - offset);
	int r;

	memset(s->buf, 0, n * CACHE_GRAIN);
	r = mirrors_read(&s->mirrors, &s->link, s->buf, (size_t)bytes, offset, &s->source.reason);
	if (r < 0)
		return r;
	cache_put(&s->cache, first, n, s->buf);
	s->next = first + n;
	*ret = n;
	return 0;
}

static void note_read(struct url_source *s, size_t first, size_t end)
{
	char line[64];
	size_t n = 0;
	int length;

	if (s->trace < 0)
		return;
	for (; first < end && s->traced[first]; first++)
		;
	for (; first + n < end && !s->traced[first + n]; n++)
		s->traced[first + n] = true;
	if (n == 0)
		return;
	length = snprintf(line, sizeof(line), "%zu %zu\n", first, n);
	(void)!write(s->trace, line, (size_t)length);
}

/* The part of a grain that is asked for. */
static void copy_part(void *buf, size_t n, uint64_t offset, size_t grain, const uint8_t *data)
{
	uint64_t begin = (uint64_t)grain * CACHE_GRAIN;
	size_t skip = offset > begin ? (size_t)(offset - begin) : 0;
	size_t at = offset > begin ? 0 : (size_t)(begin - offset);

	memcpy((uint8_t *)buf + at, data + skip, MIN((size_t)CACHE_GRAIN - skip, n - at));
}

static int url_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	struct url_source *s = to_url(source);
	size_t grain = (size_t)(offset / CACHE_GRAIN);
	size_t end = (size_t)((offset + n + CACHE_GRAIN - 1) / CACHE_GRAIN);
	uint8_t data[CACHE_GRAIN];

	note_read(s, grain, end);
	while (grain < end) {
		size_t have = 0;
		int r;

		if (!cache_has(&s->cache, grain))
			prefetch_await(&s->prefetch, grain);
		if (cache_get(&s->cache, grain, data)) {
			copy_part(buf, n, offset, grain++, data);
			continue;
		}
		r = fetch(s, grain, end - grain, &have);
		if (r < 0)
			return r;
		for (size_t i = 0; i < have && grain < end; i++)
			copy_part(buf, n, offset, grain++, s->buf + i * CACHE_GRAIN);
	}
	return 0;
}

static void url_close(struct source *source)
{
	struct url_source *s = to_url(source);

	prefetch_stop(&s->prefetch);
	cache_close(&s->cache);
	link_close(&s->link);
	mirrors_release(&s->mirrors);
	closep(&s->trace);
	free(s->traced);
	free(s->buf);
	free(s);
}

static const struct source_ops url_ops = { .pread = url_pread, .close = url_close };

static int url_begin(struct url_source *s, struct error **err)
{
	char name[1100];
	int r;

	url_for_people(s->mirrors.urls[0], name, sizeof(name));
	s->source.name = strdup(name);
	s->buf = malloc((size_t)BUFFER_GRAINS * CACHE_GRAIN);
	if (!s->source.name || !s->buf)
		return error_no_memory(err);
	r = mirrors_ask(&s->mirrors, &s->link, s->request.identity, s->buf,
			(size_t)FIRST_GRAINS * CACHE_GRAIN, err);
	if (r < 0)
		return r;
	s->source.size = s->mirrors.size;
	s->source.read_only = true;
	r = cache_open(&s->cache, s->request.cache, s->source.size, s->mirrors.identity,
		       s->request.cache_size, err);
	if (r < 0)
		return r;
	memset(s->buf + s->link.have, 0, (size_t)FIRST_GRAINS * CACHE_GRAIN - s->link.have);
	cache_put(&s->cache, 0, MIN((size_t)FIRST_GRAINS, s->cache.grains), s->buf);
	return 0;
}

static int url_trace(struct url_source *s, struct error **err)
{
	if (!s->request.trace || !s->request.serves)
		return 0;
	s->traced = calloc(s->cache.grains + 1, sizeof(bool));
	if (!s->traced)
		return error_no_memory(err);
	s->trace = open(s->request.trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return s->trace < 0 ? error_sys(err, errno, "cannot open '%s'", s->request.trace) : 0;
}

int source_url_open(const struct url_request *request, struct source **ret, struct error **err)
{
	struct url_source *s = calloc(1, sizeof(*s));
	int r;

	if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(s);
		return error_no_memory(err);
	}
	s->source.ops = &url_ops;
	s->request = *request;
	s->trace = -1;
	s->cache.fd = -1;
	r = mirrors_init(&s->mirrors, request, err);
	if (r < 0) {
		free(s);
		return r;
	}
	r = link_open(&s->link, request, err);
	if (r == 0)
		r = url_begin(s, err);
	if (r == 0)
		r = url_trace(s, err);
	if (r == 0)
		r = prefetch_start(&s->prefetch, &s->request, &s->mirrors, &s->cache, err);
	*ret = &s->source;
	if (r < 0)
		source_close(ret);
	return r;
}

const char *source_url_identity(const struct source *source)
{
	return source->ops == &url_ops ? ((const struct url_source *)source)->mirrors.identity : "";
}

/* "HOST:PORT:ADDRESS[,ADDRESS]" for a host that is no address, and nothing for others. */
static int resolve_one(const char *url, const char *default_port, FILE *to, struct error **err)
{
	const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url;
	const char *at = memrchr(host, '@', strcspn(host, "/"));
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char name[256], number[64], port[6];
	int r;

	host = at ? at + 1 : host;
	if (*host == '[' || strspn(host, "0123456789.") == strcspn(host, ":/"))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, ":/"), host);
	host += strcspn(host, ":/");
	if (*host == ':')
		snprintf(port, sizeof(port), "%.*s", (int)strspn(host + 1, "0123456789"), host + 1);
	else
		snprintf(port, sizeof(port), "%s", default_port);
	r = getaddrinfo(name, port, &hints, &list);
	if (r != 0)
		return error_make(err, ENOENT, "cannot resolve '%s': %s", name, gai_strerror(r));
	fprintf(to, "%s:%s:", name, port);
	for (struct addrinfo *i = list; i; i = i->ai_next) {
		if (getnameinfo(i->ai_addr, i->ai_addrlen, number, sizeof(number), NULL, 0,
				NI_NUMERICHOST) == 0)
			fprintf(to, "%s%s", i == list ? "" : ",", number);
	}
	fputc(' ', to);
	freeaddrinfo(list);
	return 0;
}

static int resolve_servers(const char *urls, FILE *to, struct error **err)
{
	struct url_request request = { .urls = urls };
	struct mirrors mirrors;
	int r = mirrors_init(&mirrors, &request, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < mirrors.n; i++)
		r = resolve_one(mirrors.urls[i],
				strncmp(mirrors.urls[i], "https", 5) == 0 ? "443" : "80", to, err);
	mirrors_release(&mirrors);
	return r;
}

int source_url_resolve(const struct url_request *request, char **ret, struct error **err)
{
	size_t size;
	FILE *to;
	int r;

	*ret = NULL;
	to = open_memstream(ret, &size);
	if (!to)
		return error_no_memory(err);
	/* the names of the servers may be for the proxy alone to know */
	if (request->proxy)
		r = resolve_one(request->proxy, PROXY_PORT, to, err);
	else
		r = resolve_servers(request->urls, to, err);
	if (fclose(to) != 0 && r == 0)
		r = error_no_memory(err);
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}
