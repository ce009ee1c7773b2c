// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>

#include "applets/vdattach/format-vmdk.h"

/* Entries that are looked at in one go: one page of a grain table. */
#define RUN_ENTRIES (VD_SECTOR / 4)

#define TABLES_MAX (1u << 22)

/* Whether n bytes at the sector are inside the file. */
static bool inside(const struct source *source, uint64_t sector, uint64_t n)
{
	return sector <= source->size / VD_SECTOR && n <= source->size - sector * VD_SECTOR;
}

/* Reads one directory; each table that it names must be inside the file. */
static int read_directory(struct vmdk_sparse *s, uint64_t sector, const char *which, uint32_t **ret,
			  struct error **err)
{
	const char *name = s->source->name;
	uint32_t *tables;
	int r;

	if (sector == 0 || !inside(s->source, sector, s->n_tables * 4))
		return error_make(err, EINVAL,
				  "%s: VMDK %s of %" PRIu64 " entries at sector %" PRIu64
				  " does not fit into the file of %" PRIu64 " bytes",
				  name, which, s->n_tables, sector, s->source->size);
	tables = *ret = calloc(s->n_tables + 1, sizeof(*tables));
	if (!tables)
		return error_sys(err, ENOMEM, "open '%s'", name);
	r = source_pread(s->source, tables, s->n_tables * 4, sector * VD_SECTOR, err);
	for (uint64_t i = 0; r == 0 && i < s->n_tables; i++) {
		tables[i] = get_le32((const uint8_t *)(tables + i));
		if (tables[i] && !inside(s->source, tables[i], VMDK_TABLE_BYTES))
			return error_make(err, EINVAL,
					  "%s: VMDK %s: table %" PRIu64 " at sector %u, beyond the "
					  "end of the file (cut short?)",
					  name, which, i, tables[i]);
	}
	return r;
}

static int read_directories(struct vmdk_sparse *s, struct error **err)
{
	int r;

	s->n_tables = vmdk_table_count(&s->header);
	if (s->n_tables > TABLES_MAX)
		return error_make(err, EFBIG,
				  "%s: VMDK header: %" PRIu64 " grain tables, at most %u",
				  s->source->name, s->n_tables, TABLES_MAX);
	r = read_directory(s, s->header.directory_offset, "grain directory", &s->directory, err);
	if (r < 0 || !(s->header.flags & VMDK_FLAG_REDUNDANT))
		return r;
	return read_directory(s, s->header.redundant_offset, "redundant grain directory",
			      &s->redundant, err);
}

int vmdk_sparse_open(struct source *source, struct vmdk_sparse **ret, struct error **err)
{
	struct vmdk_sparse *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_sys(err, ENOMEM, "open '%s'", source->name);
	s->source = source;
	r = vmdk_header_read(source, &s->header, err);
	if (!r) {
		s->grain_size = s->header.grain * VD_SECTOR;
		s->size = s->header.capacity * VD_SECTOR;
		r = read_directories(s, err);
	}
	if (r < 0)
		vmdk_sparse_free(&s);
	*ret = s;
	return r;
}

void vmdk_sparse_free(struct vmdk_sparse **sparse)
{
	struct vmdk_sparse *s = *sparse;

	*sparse = NULL;
	if (!s)
		return;
	free(s->directory);
	free(s->redundant);
	free(s);
}

bool vmdk_grain_is_inside(const struct vmdk_sparse *s, uint64_t grain, uint32_t entry)
{
	/* a compressed grain says itself how long it is */
	uint64_t n = vmdk_sparse_is_compressed(s) ? 1 : vmdk_grain_bytes(s, grain);

	return inside(s->source, entry, n);
}

/* Whether entry b continues what a says, i grains further on. */
static bool continues(const struct vmdk_sparse *s, uint32_t a, uint32_t b, uint64_t i)
{
	if (a == 0 || vmdk_entry_is_zero(s, a))
		return a == b;
	return !vmdk_sparse_is_compressed(s) && !vmdk_entry_is_zero(s, b) &&
	       b == a + i * s->header.grain;
}

static int set_data(struct vmdk_sparse *s, uint64_t grain, uint32_t entry, uint64_t within,
		    struct vd_extent *ret, struct error **err)
{
	if (!vmdk_grain_is_inside(s, grain, entry))
		return error_make(err, EIO,
				  "%s: VMDK grain table: grain %" PRIu64
				  " at sector %u, beyond the end of the file (cut short?)",
				  s->source->name, grain, entry);
	ret->kind = vmdk_sparse_is_compressed(s) ? VD_EXTENT_ENCODED : VD_EXTENT_DATA;
	ret->host_offset = (uint64_t)entry * VD_SECTOR + within;
	ret->source = s->source;
	return 0;
}

int vmdk_sparse_extent(struct vmdk_sparse *s, uint64_t offset, struct vd_extent *ret,
		       struct error **err)
{
	uint64_t grain = offset / s->grain_size, within = offset % s->grain_size;
	uint64_t index = grain % VMDK_GRAINS_PER_TABLE, table = grain / VMDK_GRAINS_PER_TABLE;
	uint64_t count = RUN_ENTRIES - index % RUN_ENTRIES, run;
	uint8_t entries[VD_SECTOR];
	uint32_t first;
	int r;

	*ret = (struct vd_extent){ .kind = VD_EXTENT_PARENT };
	ret->length = (VMDK_GRAINS_PER_TABLE - index) * s->grain_size - within;
	if (s->directory[table] == 0)
		return 0;
	count = MIN(count, (s->size - 1) / s->grain_size - grain + 1);
	r = blockmap_read(s->map, vmdk_table_at(s, s->directory[table]) + index * 4, entries,
			  count * 4, err);
	if (r < 0)
		return r;
	first = get_le32(entries);
	for (run = 1; run < count; run++) {
		uint32_t entry = get_le32(entries + run * 4);

		if (!continues(s, first, entry, run) ||
		    (entry > 1 && !vmdk_grain_is_inside(s, grain + run, entry)))
			break;
	}
	ret->length = run * s->grain_size - within;
	if (first == 0)
		return 0;
	ret->kind = VD_EXTENT_ZERO;
	return vmdk_entry_is_zero(s, first) ? 0 : set_data(s, grain, first, within, ret, err);
}
