// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/write/base.h"

#include <lz4.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "builder/util/cache.h"

/* Another version of a library may compress to other bytes. */
static const char *library_version(const char *compressor)
{
	if (strcmp(compressor, "zstd") == 0)
		return ZSTD_versionString();
	if (strcmp(compressor, "xz") == 0)
		return lzma_version_string();
	if (strcmp(compressor, "gzip") == 0)
		return zlibVersion();
	return strcmp(compressor, "lz4") == 0 ? LZ4_versionString() : "";
}

static int pack(const struct base_request *request, const void *raw, size_t len, struct sink *to,
		struct error **err)
{
	struct sink *sink = NULL;
	int r = request->compressor->open(to, request->level, request->jobs, &sink, err);

	if (r < 0)
		return r;
	r = sink_write(sink, raw, len, err);
	if (r == 0)
		r = sink_finish(sink, err);
	sink_close(sink);
	return r;
}

/* Compresses into memory first, so that the cache gets the very bytes of the image. */
static int compress_and_keep(const struct base_request *request, const struct cache_key *key,
			     const void *raw, size_t len, struct sink *to, struct error **err)
{
	struct sink *packed = sink_memory_new();
	const void *bytes;
	size_t packed_len;
	int r;

	if (!packed)
		return error_no_memory(err);
	r = pack(request, raw, len, packed, err);
	if (r == 0) {
		bytes = sink_memory_data(packed, &packed_len);
		cache_store(request->cache_dir, key, bytes, packed_len);
		r = sink_write(to, bytes, packed_len, err);
	}
	sink_close(packed);
	return r;
}

static int write_raw(const struct base_request *request, const void *raw, size_t len,
		     struct sink *to, bool *ret_cached, struct error **err)
{
	_cleanup_free_ char *packed = NULL;
	struct cache_key key;
	size_t packed_len;
	char what[64];

	if (!request->compressor->config)
		return sink_write(to, raw, len, err);
	snprintf(what, sizeof(what), "%s %d %s", request->compressor->name, request->level,
		 library_version(request->compressor->name));
	key = cache_key(what, raw, len);
	*ret_cached = cache_load(request->cache_dir, &key, &packed, &packed_len);
	if (*ret_cached)
		return sink_write(to, packed, packed_len, err);
	return compress_and_keep(request, &key, raw, len, to, err);
}

int base_write(const struct base_request *request, struct sink *to, struct cpio_stats *stats,
	       bool *ret_cached, struct error **err)
{
	struct sink *raw = sink_memory_new();
	const void *bytes;
	size_t len;
	int r;

	*ret_cached = false;
	if (!raw)
		return error_no_memory(err);
	r = cpio_write(request->set, SEGMENT_BASE, request->mtime,
		       request->compressor->config != NULL, raw, stats, err);
	if (r == 0) {
		bytes = sink_memory_data(raw, &len);
		r = write_raw(request, bytes, len, to, ret_cached, err);
	}
	sink_close(raw);
	return r;
}
