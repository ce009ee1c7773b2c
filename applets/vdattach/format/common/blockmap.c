// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/blockmap.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "applets/vdattach/source/recovery.h"

#define NONE UINT32_MAX
#define RESERVE \
	64u /* pages: what one write of a guest may change after blockmap_is_full was asked */

struct page {
	uint64_t offset;       /* in the file, a multiple of the page size; UINT64_MAX = unused */
	uint32_t chain;	       /* next in the same bucket */
	uint32_t newer, older; /* in order of use */
	bool dirty;
};

struct blockmap {
	struct source *source;
	uint32_t page_size, n_pages, n_buckets, n_dirty;
	uint32_t newest, oldest;
	struct recovery_memory memory;
	struct page *pages; /* in memory */
	uint32_t *buckets;
	uint32_t *order; /* scratch of write_back */
	uint8_t *bytes;	 /* in memory: n_pages x page_size */
};

static uint32_t bucket_of(const struct blockmap *map, uint64_t offset)
{
	return (uint32_t)((offset / map->page_size * 0x9e3779b97f4a7c15ULL) >> 40) % map->n_buckets;
}

static uint8_t *page_bytes(const struct blockmap *map, uint32_t i)
{
	return map->bytes + (size_t)i * map->page_size;
}

int blockmap_new(struct source *source, uint32_t page_size, uint32_t pages, struct blockmap **ret,
		 struct error **err)
{
	struct blockmap *map = calloc(1, sizeof(*map));
	struct recovery_shape shape = { .page_size = page_size,
					.slot_size = sizeof(struct page),
					.dirty_at = offsetof(struct page, dirty) };
	int r;

	if (!map)
		return error_sys(err, ENOMEM, "%s", source->name);
	pages = MAX(pages, 2 * RESERVE);
	map->source = source;
	map->page_size = page_size;
	map->n_pages = pages;
	map->n_buckets = pages | 1;
	shape.n = pages;
	r = recovery_take(source, &shape, &map->memory);
	map->pages = map->memory.slots;
	map->bytes = map->memory.bytes;
	map->buckets = malloc(map->n_buckets * sizeof(*map->buckets));
	map->order = calloc(pages, sizeof(*map->order));
	if (r < 0 || !map->buckets || !map->order) {
		blockmap_free(&map);
		return error_sys(err, ENOMEM, "%s: cannot keep tables of %u pages", source->name,
				 pages);
	}
	memset(map->buckets, 0xff, map->n_buckets * sizeof(*map->buckets));
	for (uint32_t i = 0; i < pages; i++)
		map->pages[i] = (struct page){ UINT64_MAX, NONE, i - 1, i + 1, false };
	map->pages[pages - 1].older = NONE;
	map->oldest = pages - 1;
	*ret = map;
	return 0;
}

void blockmap_free(struct blockmap **map)
{
	struct blockmap *m = *map;

	*map = NULL;
	if (!m)
		return;
	recovery_give(&m->memory);
	free(m->buckets);
	free(m->order);
	free(m);
}

static void unlink_age(struct blockmap *map, uint32_t i)
{
	struct page *page = map->pages + i;

	if (page->newer != NONE)
		map->pages[page->newer].older = page->older;
	else
		map->newest = page->older;
	if (page->older != NONE)
		map->pages[page->older].newer = page->newer;
	else
		map->oldest = page->newer;
}

static void use(struct blockmap *map, uint32_t i)
{
	if (map->newest == i)
		return;
	unlink_age(map, i);
	map->pages[i].newer = NONE;
	map->pages[i].older = map->newest;
	map->pages[map->newest].newer = i;
	map->newest = i;
}

static void unlink_bucket(struct blockmap *map, uint32_t i)
{
	uint32_t *link;

	if (map->pages[i].offset == UINT64_MAX)
		return;
	link = map->buckets + bucket_of(map, map->pages[i].offset);
	while (*link != i)
		link = &map->pages[*link].chain;
	*link = map->pages[i].chain;
	map->pages[i].offset = UINT64_MAX;
}

static uint32_t blockmap_find(const struct blockmap *map, uint64_t offset)
{
	uint32_t i = map->buckets[bucket_of(map, offset)];

	while (i != NONE && map->pages[i].offset != offset)
		i = map->pages[i].chain;
	return i;
}

/* The part of a page that is inside the file: the last page may be cut short. */
static size_t page_length(const struct blockmap *map, uint64_t offset)
{
	uint64_t size = map->source->size;

	return offset >= size ? 0 : (size_t)MIN((uint64_t)map->page_size, size - offset);
}

/* Reads a page into the place of the one that was not used for longest. */
static int blockmap_load(struct blockmap *map, uint64_t offset, uint32_t *ret, struct error **err)
{
	uint32_t i = map->oldest, bucket = bucket_of(map, offset);
	size_t n = page_length(map, offset);
	int r;

	while (i != NONE && map->pages[i].dirty)
		i = map->pages[i].newer;
	if (i == NONE)
		return error_make(err, ENOBUFS, "%s: all %u table pages in memory wait for a flush",
				  map->source->name, map->n_pages);
	unlink_bucket(map, i);
	r = source_pread(map->source, page_bytes(map, i), n, MIN(offset, map->source->size), err);
	if (r < 0)
		return r;
	memset(page_bytes(map, i) + n, 0, map->page_size - n);
	map->pages[i].offset = offset;
	map->pages[i].chain = map->buckets[bucket];
	map->buckets[bucket] = i;
	*ret = i;
	return 0;
}

static int get_page(struct blockmap *map, uint64_t offset, uint32_t *ret, struct error **err)
{
	int r = 0;

	*ret = blockmap_find(map, offset);
	if (*ret == NONE)
		r = blockmap_load(map, offset, ret, err);
	if (r == 0)
		use(map, *ret);
	return r;
}

static int blockmap_inside(const struct blockmap *map, uint64_t offset, size_t n,
			   struct error **err)
{
	const struct source *source = map->source;

	if (offset <= source->size && n <= source->size - offset)
		return 0;
	return error_make(err, ERANGE,
			  "%s: table entry at offset %" PRIu64 ": beyond the end at %" PRIu64,
			  source->name, offset, source->size);
}

int blockmap_read(struct blockmap *map, uint64_t offset, void *buf, size_t n, struct error **err)
{
	uint8_t *p = buf;
	int r = blockmap_inside(map, offset, n, err);

	while (n > 0 && r == 0) {
		size_t at = (size_t)(offset % map->page_size);
		size_t part = MIN(n, map->page_size - at);
		uint32_t i = NONE;

		r = get_page(map, offset - at, &i, err);
		if (r < 0)
			return r;
		memcpy(p, page_bytes(map, i) + at, part);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

/* Tables may have holes in the file: a commit must not be the first to find the disk full. */
static int make_dirty(struct blockmap *map, uint32_t i, struct error **err)
{
	uint64_t offset = map->pages[i].offset;
	int r;

	if (map->pages[i].dirty)
		return 0;
	r = source_reserve(map->source, page_length(map, offset), offset, err);
	if (r < 0)
		return r;
	map->pages[i].dirty = true;
	map->n_dirty++;
	return 0;
}

int blockmap_write(struct blockmap *map, uint64_t offset, const void *buf, size_t n,
		   struct error **err)
{
	const uint8_t *p = buf;
	int r = map->source->read_only ? -EROFS : blockmap_inside(map, offset, n, err);

	if (r == -EROFS)
		return error_sys(err, r, "%s: cannot change a table", map->source->name);
	while (n > 0 && r == 0) {
		size_t at = (size_t)(offset % map->page_size);
		size_t part = MIN(n, map->page_size - at);
		uint32_t i = NONE;

		r = get_page(map, offset - at, &i, err);
		if (r < 0)
			return r;
		r = make_dirty(map, i, err);
		if (r < 0)
			return r;
		memcpy(page_bytes(map, i) + at, p, part);
		p += part;
		n -= part;
		offset += part;
	}
	return r;
}

bool blockmap_is_full(const struct blockmap *map)
{
	return map->n_dirty + RESERVE > map->n_pages;
}

bool blockmap_is_dirty(const struct blockmap *map)
{
	return map->n_dirty > 0;
}

/* Sorts the first n of map->order by offset: a shell sort, which needs no memory. */
static void sort_order(struct blockmap *map, uint32_t n)
{
	const struct page *pages = map->pages;

	for (uint32_t gap = n / 2; gap > 0; gap /= 2) {
		for (uint32_t i = gap; i < n; i++) {
			uint32_t moved = map->order[i], at = i;

			while (at >= gap &&
			       pages[map->order[at - gap]].offset > pages[moved].offset) {
				map->order[at] = map->order[at - gap];
				at -= gap;
			}
			map->order[at] = moved;
		}
	}
}

int blockmap_write_back(struct blockmap *map, struct error **err)
{
	uint32_t n = 0;
	int r = 0;

	for (uint32_t i = 0; i < map->n_pages; i++) {
		if (map->pages[i].dirty)
			map->order[n++] = i;
	}
	sort_order(map, n);
	for (uint32_t k = 0; k < n && r == 0; k++) {
		struct page *page = map->pages + map->order[k];

		r = source_pwrite(map->source, page_bytes(map, map->order[k]),
				  page_length(map, page->offset), page->offset, err);
		if (r < 0)
			break;
		page->dirty = false;
		map->n_dirty--;
	}
	return r;
}

int blockmap_commit(struct blockmap *map, struct error **err)
{
	int r = source_flush(map->source, err);

	if (r < 0 || map->n_dirty == 0)
		return r;
	r = blockmap_write_back(map, err);
	return r < 0 ? r : source_flush(map->source, err);
}

void blockmap_forget(struct blockmap *map, uint64_t offset, uint64_t n)
{
	for (uint64_t at = offset - offset % map->page_size; at < offset + n;
	     at += map->page_size) {
		uint32_t i = blockmap_find(map, at);

		if (i != NONE && !map->pages[i].dirty)
			unlink_bucket(map, i);
	}
}

int tail_grow(struct tail *tail, uint64_t align, uint64_t n, uint64_t *ret_offset,
	      struct error **err)
{
	struct source *source = tail->source;
	uint64_t start = tail->end, end = 0;
	int r = 0;

	if (!add_u64(start, align - 1, &start) || !add_u64(start & ~(align - 1), n, &end) ||
	    end > INT64_MAX)
		return error_sys(err, EFBIG, "%s: cannot grow by %" PRIu64 " bytes", source->name,
				 n);
	if (source->size > tail->end)
		r = source_resize(source, tail->end, err);
	if (r == 0)
		r = source_resize(source, end, err);
	if (r < 0)
		return r;
	*ret_offset = start & ~(align - 1);
	tail->end = end;
	return 0;
}

void tail_undo(struct tail *tail, uint64_t end)
{
	/* what stays when this fails is cut off by the next tail_grow */
	int r _unused_ = source_resize(tail->source, end, NULL);

	tail->end = end;
}
