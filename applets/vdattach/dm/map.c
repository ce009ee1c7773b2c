// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/map.h"

#include <errno.h>
#include <string.h>

int dm_map_new(uint64_t size, uint32_t sector_size, size_t limit, struct dm_map *ret)
{
	*ret = (struct dm_map){ .size = size / sector_size * sector_size,
				.sector_size = sector_size,
				.limit = limit,
				.room = limit + limit / 2 + 1 };
	ret->segments = calloc(ret->room, sizeof(*ret->segments));
	return ret->segments ? 0 : -ENOMEM;
}

void dm_map_release(struct dm_map *map)
{
	free(map->segments);
	map->segments = NULL;
}

/* Index of source in the map, which learns it; DM_MAP_SOURCES_MAX when there are too many. */
static uint32_t source_index(struct dm_map *map, struct source *source)
{
	for (uint32_t i = 0; i < map->n_sources; i++) {
		if (map->sources[i] == source)
			return i;
	}
	if (map->n_sources < DM_MAP_SOURCES_MAX)
		map->sources[map->n_sources++] = source;
	else
		return DM_MAP_SOURCES_MAX;
	return map->n_sources - 1;
}

/* Cuts a segment to whole sectors. False when nothing is left, or the host's bytes do not fit. */
static bool align(const struct dm_map *map, struct dm_segment *s)
{
	uint64_t skip = (map->sector_size - s->start % map->sector_size) % map->sector_size;
	uint64_t end = MIN(s->start + s->length, map->size);

	end -= end % map->sector_size;
	if (s->start + skip >= end)
		return false;
	s->start += skip;
	s->host_offset += skip;
	s->length = end - s->start;
	return s->host_offset % VD_SECTOR == 0;
}

/* The first segment that ends at offset or behind it. */
static size_t dm_map_find(const struct dm_map *map, uint64_t offset)
{
	size_t low = 0, high = map->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->segments[middle].start + map->segments[middle].length < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether b, which touches or overlaps a, has the disk's bytes where a has them. */
static bool agrees(const struct dm_segment *a, const struct dm_segment *b)
{
	return a->source == b->source && a->host_offset - a->start == b->host_offset - b->start;
}

static bool contains(const struct dm_segment *a, const struct dm_segment *b)
{
	return a->start <= b->start && b->start + b->length <= a->start + a->length && agrees(a, b);
}

static void dm_map_join(struct dm_segment *into, const struct dm_segment *s)
{
	uint64_t end = MAX(into->start + into->length, s->start + s->length);

	if (s->start < into->start) {
		into->start = s->start;
		into->host_offset = s->host_offset;
	}
	into->length = end - into->start;
}

/* Puts run in, joined with what it touches. One that overlaps and disagrees has to go. */
static bool dm_map_insert(struct dm_map *map, struct dm_segment run)
{
	size_t first = dm_map_find(map, run.start), last;

	/* one that only touches it in front stays as it is */
	if (first < map->n && !agrees(map->segments + first, &run) &&
	    map->segments[first].start + map->segments[first].length == run.start)
		first++;
	if (first < map->n && contains(map->segments + first, &run))
		return false;
	for (last = first; last < map->n && map->segments[last].start <= run.start + run.length;
	     last++) {
		const struct dm_segment *s = map->segments + last;

		if (agrees(s, &run))
			dm_map_join(&run, s);
		else if (s->start == run.start + run.length)
			break;
	}
	memmove(map->segments + first + 1, map->segments + last,
		(map->n - last) * sizeof(*map->segments));
	map->n = map->n + first + 1 - last;
	map->segments[first] = run;
	return true;
}

/* Whether run would make a segment of the map longer. */
static bool prolongs(const struct dm_map *map, const struct dm_segment *run)
{
	size_t i = dm_map_find(map, run->start);

	for (; i < map->n && map->segments[i].start <= run->start + run->length; i++) {
		if (agrees(map->segments + i, run))
			return true;
	}
	return false;
}

/* Adds a run of the disk. True when the map has grown. */
static bool dm_map_append(struct dm_map *map, struct dm_segment run)
{
	if (run.length == 0 || !align(map, &run))
		return false;
	if (run.length < map->floor && !prolongs(map, &run))
		return false;
	if (map->n + 1 >= map->room)
		dm_map_prune(map);
	return dm_map_insert(map, run);
}

/* How many segments are at least length long. */
static size_t count(const struct dm_map *map, uint64_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++)
		n += map->segments[i].length >= length;
	return n;
}

bool dm_map_prune(struct dm_map *map)
{
	uint64_t low = 1, high = map->size + 1;
	size_t kept = 0, spare;

	if (map->n <= map->limit)
		return false;
	/* the smallest length of which there are few enough */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (count(map, middle) <= map->limit)
			high = middle;
		else
			low = middle + 1;
	}
	/* of those that are a little shorter, as many as there is room for */
	spare = map->limit - count(map, low);
	for (size_t i = 0; i < map->n; i++) {
		uint64_t length = map->segments[i].length;

		if (length < low && (length + 1 < low || spare == 0))
			continue;
		spare -= length < low;
		map->segments[kept++] = map->segments[i];
	}
	map->n = kept;
	map->floor = low;
	return true;
}

/* True when the extent at s->start + s->length of the disk continues s. */
static bool dm_map_continues(const struct dm_segment *s, uint32_t source, uint64_t host_offset)
{
	return s->length && s->source == source && s->host_offset + s->length == host_offset;
}

int dm_map_add(struct dm_map *map, struct vd_image *image, uint64_t start, uint64_t end,
	       bool *ret_changed, struct error **err)
{
	struct dm_segment run = { .length = 0 };
	struct vd_extent e = { .length = 0 };

	for (uint64_t offset = start; offset < end; offset += e.length) {
		uint32_t source = DM_MAP_SOURCES_MAX;
		int r = vd_image_extent(image, offset, &e, err);

		if (r < 0)
			return r;
		if (e.kind == VD_EXTENT_DATA)
			source = source_index(map, e.source);
		if (source < DM_MAP_SOURCES_MAX && dm_map_continues(&run, source, e.host_offset)) {
			run.length += e.length;
			continue;
		}
		*ret_changed |= dm_map_append(map, run);
		run = (struct dm_segment){ offset, 0, e.host_offset, source };
		if (source < DM_MAP_SOURCES_MAX)
			run.length = e.length;
	}
	*ret_changed |= dm_map_append(map, run);
	return 0;
}

/* Adds a run of the chain, which has to fit as a whole. */
static void add_whole(struct dm_map *map, const struct dm_segment *run)
{
	struct dm_segment aligned = *run;
	const struct source *source;

	if (run->length == 0)
		return;
	source = map->sources[run->source];
	map->whole = align(map, &aligned) && aligned.length == run->length && map->n < map->limit &&
		     aligned.host_offset + aligned.length <= source->size &&
		     dm_map_insert(map, aligned);
}

int dm_map_add_chain(struct dm_map *map, struct vd_image *image, struct error **err)
{
	struct dm_segment run = { .length = 0 };
	struct vd_map_entry e = { .length = 0 };

	/* the disk's end must not lie in the middle of a sector */
	map->whole = map->size == image->size;
	for (uint64_t offset = 0; offset < map->size && map->whole; offset += e.length) {
		uint32_t source = DM_MAP_SOURCES_MAX;
		int r = vd_image_map(image, offset, &e, err);

		if (r < 0)
			return r;
		if (e.offset_valid)
			source = source_index(map, (struct source *)(uintptr_t)e.file);
		if (source < DM_MAP_SOURCES_MAX && dm_map_continues(&run, source, e.offset)) {
			run.length += e.length;
			continue;
		}
		add_whole(map, &run);
		run = (struct dm_segment){ offset, 0, e.offset, source };
		if (source < DM_MAP_SOURCES_MAX)
			run.length = e.length;
		else if (!e.zero)
			map->whole = false;
	}
	if (map->whole)
		add_whole(map, &run);
	return 0;
}

/* The bytes from start to end that the map does not have. */
static bool fill(struct dm_table *table, uint64_t start, uint64_t end, dev_t server)
{
	start /= DM_SECTOR;
	end /= DM_SECTOR;
	if (start == end)
		return true;
	if (!server)
		return dm_table_zero(table, start, end - start);
	return dm_table_disk(table, start, end - start, server, start);
}

bool dm_map_build(const struct dm_map *map, const dev_t *devices, dev_t server,
		  struct dm_table *table)
{
	uint64_t end = map->size - (server ? map->sector_size : 0), offset = 0;
	bool fits = true;

	dm_table_reset(table);
	for (size_t i = 0; i < map->n && fits; i++) {
		const struct dm_segment *s = map->segments + i;
		uint64_t stop = MIN(s->start + s->length, end);

		if (s->start >= end || !devices[s->source])
			continue;
		fits = fill(table, offset, s->start, server) &&
		       dm_table_disk(table, s->start / DM_SECTOR, (stop - s->start) / DM_SECTOR,
				     devices[s->source], s->host_offset / DM_SECTOR);
		offset = stop;
	}
	return fits && fill(table, offset, map->size, server);
}
