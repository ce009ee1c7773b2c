// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/extents.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fiemap.h>

/* All others that there are, or will be, mean that a block is not simply the file's. */
#define FLAGS_PLAIN (FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_MERGED)

int extents_add(struct file_extents *extents, const struct file_extent *extent)
{
	if (extents->n == extents->room) {
		size_t room = extents->room ? 2 * extents->room : 64;
		struct file_extent *items =
			reallocarray(extents->items, room, sizeof(*extents->items));

		if (!items)
			return -ENOMEM;
		extents->items = items;
		extents->room = room;
	}
	extents->items[extents->n++] = *extent;
	return 0;
}

void extents_release(struct file_extents *extents)
{
	free(extents->items);
	*extents = (struct file_extents){ .items = NULL };
}

static const char *flags_reason(uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *what;
	} reasons[] = {
		{ FIEMAP_EXTENT_SHARED, "shared with another file" },
		{ FIEMAP_EXTENT_DELALLOC, "not allocated yet" },
		{ FIEMAP_EXTENT_UNWRITTEN, "reserved, but not written yet" },
		{ FIEMAP_EXTENT_DATA_INLINE, "among the metadata of the file system" },
		{ FIEMAP_EXTENT_DATA_TAIL, "in a block with the end of another file" },
		{ FIEMAP_EXTENT_DATA_ENCRYPTED, "encrypted" },
		{ FIEMAP_EXTENT_ENCODED, "compressed or encoded" },
		{ FIEMAP_EXTENT_NOT_ALIGNED, "not aligned to blocks" },
		{ FIEMAP_EXTENT_UNKNOWN, "at an unknown place" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (flags & reasons[i].flag)
			return reasons[i].what;
	}
	return flags & ~FLAGS_PLAIN ? "of an unknown kind" : NULL;
}

static int extents_refuse(uint64_t offset, const char *why, struct error **err)
{
	return error_make(err, EOPNOTSUPP, "what is at offset %" PRIu64 " of the file is %s",
			  offset, why);
}

/* The part of extent from offset on that run needs, as a segment. */
static int extents_cut(const struct file_extent *e, const struct extents_run *run, uint64_t offset,
		       struct dm_segment *ret, struct error **err)
{
	uint64_t end = run->offset + run->length, skip = offset - e->logical;
	const char *why = flags_reason(e->flags);

	if (why)
		return extents_refuse(offset, why, err);
	if (e->physical > run->device_size || e->length > run->device_size - e->physical)
		return extents_refuse(offset, "beyond the end of the device", err);
	*ret = (struct dm_segment){ .start = offset - run->offset,
				    .length = MIN(e->length - skip, end - offset),
				    .host_offset = e->physical + skip };
	if ((ret->start | ret->length | ret->host_offset) % run->sector_size)
		return extents_refuse(offset, "not aligned to the sectors of the device", err);
	return 0;
}

/* A damaged file system may give a block twice. */
static int extents_check_alone(const struct dm_segment *segments, size_t n, struct error **err)
{
	for (size_t i = 0; i < n; i++) {
		const struct dm_segment *a = segments + i;

		for (size_t k = 0; k < i; k++) {
			const struct dm_segment *b = segments + k;

			if (a->host_offset < b->host_offset + b->length &&
			    b->host_offset < a->host_offset + a->length)
				return extents_refuse(a->start,
						      "at the place of another part of it", err);
		}
	}
	return 0;
}

static bool extents_join(struct dm_segment *last, const struct dm_segment *next)
{
	if (last->host_offset + last->length != next->host_offset)
		return false;
	last->length += next->length;
	return true;
}

int extents_resolve(const struct file_extents *extents, const struct extents_run *run,
		    struct dm_segment *ret, size_t max, size_t *ret_n, struct error **err)
{
	uint64_t offset = run->offset, end = run->offset + run->length;
	size_t n = 0;

	for (size_t i = 0; i < extents->n && offset < end; i++) {
		const struct file_extent *e = extents->items + i;
		struct dm_segment next;
		int r;

		if (e->length > UINT64_MAX - e->logical || e->logical + e->length <= offset)
			continue;
		if (e->logical > offset)
			break;
		r = extents_cut(e, run, offset, &next, err);
		if (r < 0)
			return r;
		offset += next.length;
		if (n > 0 && extents_join(ret + n - 1, &next))
			continue;
		if (n == max)
			return error_make(err, EOPNOTSUPP,
					  "the file lies in more than %zu pieces: defragment it",
					  max);
		ret[n++] = next;
	}
	if (offset < end)
		return extents_refuse(offset, "a hole", err);
	*ret_n = n;
	return extents_check_alone(ret, n, err);
}
