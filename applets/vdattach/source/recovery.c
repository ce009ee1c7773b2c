// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/source/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096u

/* Regions follow each other in the file; each begins with this, slots and bytes follow. */
struct region {
	uint64_t size; /* of all; a multiple of PAGE */
	uint64_t device, inode;
	struct recovery_shape shape;
	bool used;
};

static uint64_t slots_at(void)
{
	return (sizeof(struct region) + 63) & ~63ULL;
}

static uint64_t bytes_at(const struct recovery_shape *shape)
{
	return (slots_at() + (uint64_t)shape->n * shape->slot_size + 63) & ~63ULL;
}

static uint64_t region_size(const struct recovery_shape *shape)
{
	uint64_t n = bytes_at(shape) + (uint64_t)shape->n * shape->page_size;

	return (n + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static struct region *map(const struct recovery *recovery, uint64_t start, uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, recovery->fd, (off_t)start);

	return p == MAP_FAILED ? NULL : p;
}

int recovery_init(struct recovery *recovery, int fd, struct error **err)
{
	struct stat st;
	uint64_t size = 1;

	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "cannot examine the memory that workers share");
	*recovery = (struct recovery){ .fd = fd };
	/* who was killed while it took a region has left one of size 0 */
	while (size > 0 && recovery->end < (uint64_t)st.st_size) {
		struct region *region = map(recovery, recovery->end, PAGE);

		size = region ? region->size : 0;
		recovery->end += size;
		if (region)
			munmap(region, PAGE);
	}
	return 0;
}

static int take_heap(const struct recovery_shape *shape, struct recovery_memory *ret)
{
	*ret = (struct recovery_memory){ .slots = calloc(shape->n, shape->slot_size),
					 .bytes = malloc((size_t)shape->n * shape->page_size) };
	if (ret->slots && ret->bytes)
		return 0;
	recovery_give(ret);
	return -ENOMEM;
}

int recovery_take(struct source *source, const struct recovery_shape *shape,
		  struct recovery_memory *ret)
{
	struct recovery *recovery = source->recovery;
	uint64_t size = region_size(shape);
	struct region *region;

	if (!recovery || source->read_only)
		return take_heap(shape, ret);
	if (ftruncate(recovery->fd, (off_t)(recovery->end + size)) < 0)
		return -ENOMEM;
	region = map(recovery, recovery->end, size);
	if (!region)
		return -ENOMEM;
	*region = (struct region){
		.device = source->device, .inode = source->inode, .shape = *shape, .used = true
	};
	/* from here on others see it */
	__atomic_store_n(&region->size, size, __ATOMIC_RELEASE);
	recovery->end += size;
	*ret = (struct recovery_memory){ .slots = (uint8_t *)region + slots_at(),
					 .bytes = (uint8_t *)region + bytes_at(shape),
					 .region = region };
	return 0;
}

static bool is_dirty(const struct region *region, uint32_t i)
{
	const uint8_t *slots = (const uint8_t *)region + slots_at();

	return *(const bool *)(slots + (size_t)i * region->shape.slot_size +
			       region->shape.dirty_at);
}

static bool has_dirty(const struct region *region)
{
	for (uint32_t i = 0; i < region->shape.n; i++) {
		if (is_dirty(region, i))
			return true;
	}
	return false;
}

void recovery_give(struct recovery_memory *memory)
{
	struct region *region = memory->region;

	if (region) {
		region->used = has_dirty(region);
		munmap(region, region->size);
	} else {
		free(memory->slots);
		free(memory->bytes);
	}
	*memory = (struct recovery_memory){ .slots = NULL };
}

/* Data first, then what names it. Pages behind the end are of a block that was given back. */
static int write_pages(struct source *source, const struct region *region, struct error **err)
{
	const struct recovery_shape *shape = &region->shape;
	const uint8_t *bytes = (const uint8_t *)region + bytes_at(shape);
	int r = source_flush(source, err);

	for (uint32_t i = 0; i < shape->n && r == 0; i++) {
		uint64_t offset;

		memcpy(&offset, (const uint8_t *)region + slots_at() + (size_t)i * shape->slot_size,
		       sizeof(offset));
		if (!is_dirty(region, i) || offset >= source->size)
			continue;
		r = source_pwrite(source, bytes + (size_t)i * shape->page_size,
				  (size_t)MIN((uint64_t)shape->page_size, source->size - offset),
				  offset, err);
	}
	return r < 0 ? r : source_flush(source, err);
}

static bool is_of(const struct region *region, const struct source *source, bool late)
{
	return region->used && region->device == source->device && region->inode == source->inode &&
	       region->shape.late == late;
}

/* The size of the region at start, 0 = no more. */
static uint64_t rescue_region(struct source *source, uint64_t start, bool late, int *r,
			      struct error **err)
{
	struct recovery *recovery = source->recovery;
	struct region *region = map(recovery, start, PAGE);
	uint64_t size = region ? region->size : 0;
	bool mine = size && is_of(region, source, late);

	if (region)
		munmap(region, PAGE);
	region = mine ? map(recovery, start, size) : NULL;
	if (!region)
		return size;
	if (has_dirty(region))
		*r = write_pages(source, region, err);
	if (*r == 0)
		region->used = false;
	munmap(region, size);
	if (*r == 0)
		fallocate(recovery->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)(start + PAGE), (off_t)(size - PAGE));
	return size;
}

int source_rescue(struct source *source, bool late, struct error **err)
{
	uint64_t start = 0, size = 1;
	int r = 0;

	if (!source->recovery || source->read_only)
		return 0;
	while (start < source->recovery->end && size > 0 && r == 0) {
		size = rescue_region(source, start, late, &r, err);
		start += size;
	}
	return r;
}
