// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: out of .modinfo, or out of the cache. */
#include "builder/resolve/firmware.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"
#include "builder/resolve/module/depmod.h"
#include "builder/resolve/module/inflate.h"
#include "builder/resolve/module/modinfo.h"
#include "builder/util/cache.h"
#include "builder/util/strbuf.h"

/*
 * The cache is text, a line a module: PATH TAB SIZE TAB SECONDS.NANOSECONDS TAB NAME TAB NAME...;
 * one file for each module directory, extended whenever a module is decoded.
 */
#define CACHE_WHAT "firmware names 1"

struct collector {
	const struct host *host;
	char *cached;	  /* text of the cache, cut into lines */
	struct vec lines; /* of char *, into cached, sorted */
	struct strbuf added;
	struct vec *wants;
	const struct module *module;
	struct strbuf names; /* of the module at hand, each with a TAB in front */
};

void firmware_want_free(void *data)
{
	struct firmware_want *want = data;

	free(want->name);
	free(want);
}

static int add_want(struct collector *c, const char *name, size_t len)
{
	struct firmware_want *want = calloc(1, sizeof(*want));

	if (!want)
		return -ENOMEM;
	want->name = strndup(name, len);
	want->module = c->module;
	if (want->name && vec_push(c->wants, want) == 0)
		return 0;
	firmware_want_free(want);
	return -ENOMEM;
}

static int firmware_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int load_cache(struct collector *c, const struct cache_key *key, struct error **err)
{
	char *rest = NULL;
	size_t len;

	if (!cache_load(c->host->cache_dir, key, &c->cached, &len))
		return 0;
	/* cut at the end once more: strings need it */
	c->cached = realloc(c->cached, len + 1);
	if (!c->cached)
		return error_no_memory(err);
	c->cached[len] = '\0';
	for (char *line = strtok_r(c->cached, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (vec_push(&c->lines, line) < 0)
			return error_no_memory(err);
	vec_sort(&c->lines, firmware_compare);
	return 0;
}

/* The names in the line that begins with prefix ("PATH\tSIZE\tTIME"), each with a TAB in front;
 * NULL: not cached. */
static const char *find_cached(const struct collector *c, const char *prefix)
{
	size_t low = 0, high = c->lines.len, len = strlen(prefix);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *line = c->lines.items[middle];
		int diff = strncmp(line, prefix, len);

		if (diff == 0 && (!line[len] || line[len] == '\t'))
			return line + len;
		if (diff < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int add_names(struct collector *c, const char *names)
{
	int r = 0;

	while (r == 0 && *names == '\t') {
		size_t len = strcspn(++names, "\t");

		r = len ? add_want(c, names, len) : 0;
		names += len;
	}
	return r;
}

static int on_name(void *context, const char *value)
{
	struct collector *c = context;

	if (!strpbrk(value, "\t\n"))
		strbuf_printf(&c->names, "\t%s", value);
	return 0;
}

static int firmware_decode(struct collector *c, const char *path, const char *prefix,
			   struct error **err)
{
	_cleanup_free_ char *data = NULL, *names = NULL;
	size_t len;
	int r = inflate_file(path, &data, &len, err);

	if (r < 0)
		return r;
	r = modinfo_values(data, len, "firmware", on_name, c);
	if (r < 0)
		return error_make(err, r, "'%s' is not a kernel module", path);
	names = strbuf_steal(&c->names);
	if (!names)
		return error_no_memory(err);
	strbuf_printf(&c->added, "%s%s\n", prefix, names);
	return add_names(c, names) < 0 ? error_no_memory(err) : 0;
}

static int collect_module(struct collector *c, const struct module *module, struct error **err)
{
	_cleanup_free_ char *path = NULL, *prefix = NULL;
	const char *names;
	struct stat st;
	int r = host_resolve_below(c->host, c->host->modules_dir, module->path, &path, err);

	c->module = module;
	if (r == -ENOENT)
		return depmod_is_stale(c->host->modules_dir, module->path, err);
	if (r < 0)
		return error_wrap(err, "modules.dep");
	if (stat(path, &st) < 0)
		return error_sys(err, errno, "modules.dep names '%s', which cannot be read", path);
	if (asprintf(&prefix, "%s\t%" PRIu64 "\t%" PRId64 ".%09ld", module->path,
		     (uint64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec) < 0)
		return error_no_memory(err);
	names = find_cached(c, prefix);
	if (!names)
		return firmware_decode(c, path, prefix, err);
	return add_names(c, names) < 0 ? error_no_memory(err) : 0;
}

static void save_cache(struct collector *c, const struct cache_key *key)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const char *line;

	if (!c->added.len)
		return;
	vec_foreach(i, line, &c->lines)
		strbuf_printf(&text, "%s\n", line);
	strbuf_add_mem(&text, c->added.text, c->added.len);
	if (!text.failed && !c->added.failed)
		cache_store(c->host->cache_dir, key, text.text, text.len);
}

int firmware_wants(const struct host *host, const struct module_table *table, struct vec *wants,
		   struct error **err)
{
	const struct cache_key key =
		cache_key(CACHE_WHAT, host->modules_dir, strlen(host->modules_dir));
	struct collector c = { .host = host, .wants = wants };
	int r = load_cache(&c, &key, err);

	for (size_t i = 0; r == 0 && i < table->count; i++)
		if (table->modules[i].chosen)
			r = collect_module(&c, &table->modules[i], err);
	save_cache(&c, &key);
	free(c.cached);
	vec_clear(&c.lines, NULL);
	strbuf_release(&c.added);
	strbuf_release(&c.names);
	return r;
}
