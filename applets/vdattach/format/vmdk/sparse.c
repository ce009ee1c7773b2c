// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>

#include "applets/vdattach/format/vmdk/vmdk.h"

#define TABLES_MAX (1u << 22)

/* Whether n bytes at the sector are inside the file. */
static bool vmdk_inside(const struct source *source, uint64_t sector, uint64_t n)
{
	return sector <= source->size / VD_SECTOR && n <= source->size - sector * VD_SECTOR;
}

/*
 * The sector of a table, by its entry in the directory. An SESPARSE one counts tables, with a mark
 * in its highest bits. UINT64_MAX: impossible.
 */
static uint64_t table_sector(const struct vmdk_sparse *s, const uint8_t *entry)
{
	uint64_t value;

	if (s->header.kind != VMDK_SE)
		return get_le32(entry);
	value = get_le64(entry);
	if (value == 0)
		return 0;
	if (value >> 32 != 0x10000000 || s->header.tables_offset > UINT32_MAX)
		return UINT64_MAX;
	return s->header.tables_offset + (value & UINT32_MAX) * (vmdk_table_bytes(s) / VD_SECTOR);
}

/* Reads one directory; each table that it names must be inside the file. */
static int read_directory(struct vmdk_sparse *s, uint64_t sector, const char *which, uint32_t **ret,
			  struct error **err)
{
	const char *name = s->source->name;
	uint64_t n = s->n_tables * s->entry_size;
	_cleanup_free_ uint8_t *bytes = NULL;
	uint32_t *tables;
	int r;

	if (sector == 0 || !vmdk_inside(s->source, sector, n))
		return error_make(err, EINVAL,
				  "%s: VMDK %s of %" PRIu64 " entries at sector %" PRIu64
				  " does not fit into the file of %" PRIu64 " bytes",
				  name, which, s->n_tables, sector, s->source->size);
	bytes = malloc(n + 1);
	tables = *ret = calloc(s->n_tables + 1, sizeof(*tables));
	if (!bytes || !tables)
		return error_sys(err, ENOMEM, "cannot open '%s'", name);
	r = source_pread(s->source, bytes, n, sector * VD_SECTOR, err);
	for (uint64_t i = 0; r == 0 && i < s->n_tables; i++) {
		uint64_t at = table_sector(s, bytes + i * s->entry_size);

		if (at && (at > UINT32_MAX || !vmdk_inside(s->source, at, vmdk_table_bytes(s))))
			return error_make(err, EINVAL,
					  "%s: VMDK %s: table %" PRIu64 " at sector %" PRIu64
					  ", beyond the end of the file (cut short?)",
					  name, which, i, at);
		tables[i] = (uint32_t)at;
	}
	return r;
}

/* The first directory is damaged, as r and *err say: for reading the second one will do. */
static int read_second(struct vmdk_sparse *s, int r, struct error **err)
{
	if (!(s->header.flags & VMDK_FLAG_REDUNDANT) || !s->source->read_only)
		return r;
	free(s->directory);
	s->directory = NULL;
	if (read_directory(s, s->header.redundant_offset, "redundant grain directory",
			   &s->directory, NULL) < 0)
		return r;
	if (err)
		error_release(err);
	s->header.directory_offset = s->header.redundant_offset;
	s->directory_damaged = true;
	return 0;
}

static int read_directories(struct vmdk_sparse *s, struct error **err)
{
	int r;

	s->n_tables = vmdk_table_count(&s->header);
	s->entry_size = s->header.kind == VMDK_SE ? 8 : 4;
	if (s->n_tables > TABLES_MAX)
		return error_make(err, EFBIG,
				  "%s: VMDK header: %" PRIu64 " grain tables, expected at most %u",
				  s->source->name, s->n_tables, TABLES_MAX);
	r = read_directory(s, s->header.directory_offset, "grain directory", &s->directory, err);
	if (r < 0)
		return read_second(s, r, err);
	if (!(s->header.flags & VMDK_FLAG_REDUNDANT))
		return 0;
	/* nobody reads it who has the first */
	if (s->source->read_only)
		err = NULL;
	r = read_directory(s, s->header.redundant_offset, "redundant grain directory",
			   &s->redundant, err);
	if (r == 0 || !s->source->read_only)
		return r;
	free(s->redundant);
	s->redundant = NULL;
	return 0;
}

int vmdk_sparse_open(struct source *source, struct vmdk_sparse **ret, struct error **err)
{
	struct vmdk_sparse *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_sys(err, ENOMEM, "cannot open '%s'", source->name);
	s->source = source;
	r = vmdk_header_read(source, &s->header, err);
	if (!r && !s->header.capacity)
		r = error_make(err, EINVAL, "%s: VMDK: the disk has no sectors", source->name);
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

bool vmdk_grain_is_inside(const struct vmdk_sparse *s, uint64_t grain, uint64_t entry)
{
	/* a compressed grain says itself how long it is */
	uint64_t n = vmdk_sparse_is_compressed(s) ? 1 : vmdk_grain_bytes(s, grain);

	return vmdk_inside(s->source, entry, n);
}

/*
 * SESPARSE: what it is stands in the highest 4 bits; of which grain of the file, in the lowest 48
 * and above those its lowest 12.
 */
static uint64_t se_entry(const struct vmdk_sparse *s, uint64_t value)
{
	uint64_t index = (value >> 48 & 0xfff) | (value & 0xffffffffffff) << 12;

	switch (value >> 60) {
	case 0:
		return value ? VMDK_ENTRY_BAD : 0;
	case 1: /* unmapped */
	case 2: /* zero */
		return 1;
	case 3:
		if (index < UINT64_MAX / VD_SECTOR / s->header.grain &&
		    s->header.grains_offset < UINT64_MAX / VD_SECTOR)
			return s->header.grains_offset + index * s->header.grain;
		return VMDK_ENTRY_BAD;
	default:
		return VMDK_ENTRY_BAD;
	}
}

uint64_t vmdk_entry_decode(const struct vmdk_sparse *s, const uint8_t *entries, uint64_t i)
{
	if (s->header.kind == VMDK_SE)
		return se_entry(s, get_le64(entries + i * 8));
	return get_le32(entries + i * 4);
}

/* Whether entry b continues what a says, i grains further on. */
static bool vmdk_continues(const struct vmdk_sparse *s, uint64_t a, uint64_t b, uint64_t i)
{
	if (a == 0 || vmdk_entry_is_zero(s, a))
		return a == b;
	return !vmdk_sparse_is_compressed(s) && !vmdk_entry_is_zero(s, b) &&
	       b == a + i * s->header.grain;
}

static int set_data(struct vmdk_sparse *s, uint64_t grain, uint64_t entry, uint64_t within,
		    struct vd_extent *ret, struct error **err)
{
	if (!vmdk_grain_is_inside(s, grain, entry))
		return error_make(err, EIO,
				  "%s: VMDK grain table: grain %" PRIu64 " at sector %" PRIu64
				  ", beyond the end of the file (cut short?)",
				  s->source->name, grain, entry);
	ret->kind = vmdk_sparse_is_compressed(s) ? VD_EXTENT_ENCODED : VD_EXTENT_DATA;
	ret->host_offset = entry * VD_SECTOR + within;
	ret->source = s->source;
	return 0;
}

int vmdk_sparse_extent(struct vmdk_sparse *s, uint64_t offset, struct vd_extent *ret,
		       struct error **err)
{
	uint64_t per_table = s->header.grains_per_table, page = VD_SECTOR / s->entry_size;
	uint64_t grain = offset / s->grain_size, within = offset % s->grain_size;
	uint64_t index = grain % per_table, table = grain / per_table;
	uint64_t count = page - index % page, run, first;
	uint8_t entries[VD_SECTOR];
	int r;

	*ret = (struct vd_extent){ .kind = VD_EXTENT_PARENT };
	ret->length = (per_table - index) * s->grain_size - within;
	if (s->directory[table] == 0)
		return 0;
	count = MIN(count, (s->size - 1) / s->grain_size - grain + 1);
	r = blockmap_read(s->map, vmdk_table_at(s, s->directory[table]) + index * s->entry_size,
			  entries, count * s->entry_size, err);
	if (r < 0)
		return r;
	first = vmdk_entry_decode(s, entries, 0);
	for (run = 1; run < count; run++) {
		uint64_t entry = vmdk_entry_decode(s, entries, run);

		if (!vmdk_continues(s, first, entry, run) ||
		    (entry > 1 && !vmdk_grain_is_inside(s, grain + run, entry)))
			break;
	}
	ret->length = run * s->grain_size - within;
	if (first == 0)
		return 0;
	ret->kind = VD_EXTENT_ZERO;
	return vmdk_entry_is_zero(s, first) ? 0 : set_data(s, grain, first, within, ret, err);
}
