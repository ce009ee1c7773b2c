// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks all tables of a sparse extent: what is used, by whom, and whether twice. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "applets/vdattach/format/common/slots.h"
#include "applets/vdattach/format/vmdk/vmdk.h"

struct survey {
	struct vmdk_sparse *sparse;
	struct findings *findings;
	struct vmdk_usage usage;
	struct slots slots;
	uint64_t tables_end; /* sector behind the last table */
	uint64_t unit;	     /* sectors in a slot */
	uint64_t residue;    /* of all grains' sectors by unit; UINT64_MAX = none seen */
	struct vmdk_hole hole;
};

/* Marks sectors that hold something other than grains. */
static void take_sectors(struct survey *v, struct slots *slots, uint64_t sector, uint64_t bytes,
			 const char *what)
{
	uint64_t n = (bytes + VD_SECTOR - 1) / VD_SECTOR;

	for (uint64_t i = sector; i < sector + n; i++) {
		if (slots_take(slots, i))
			continue;
		findings_add(v->findings, FINDING_ERROR,
			     "%s: VMDK %s at sector %" PRIu64 " overlaps other metadata",
			     v->sparse->source->name, what, sector);
		return;
	}
}

static void see_end(struct survey *v, uint64_t sector, uint64_t bytes)
{
	v->tables_end = MAX(v->tables_end, sector + (bytes + VD_SECTOR - 1) / VD_SECTOR);
}

static void find_tables_end(struct survey *v)
{
	const struct vmdk_sparse *s = v->sparse;

	see_end(v, 0, VD_SECTOR);
	see_end(v, s->header.directory_offset, s->n_tables * s->entry_size);
	if (s->redundant)
		see_end(v, s->header.redundant_offset, s->n_tables * 4);
	if (s->header.descriptor_offset)
		see_end(v, s->header.descriptor_offset, s->header.descriptor_size * VD_SECTOR);
	for (uint64_t i = 0; i < s->n_tables; i++) {
		if (s->directory[i])
			see_end(v, s->directory[i], vmdk_table_bytes(s));
		if (s->redundant && s->redundant[i])
			see_end(v, s->redundant[i], vmdk_table_bytes(s));
	}
}

static int survey_tables(struct survey *v, struct error **err)
{
	_cleanup_slots_ struct slots slots = { .n = 0 };
	const struct vmdk_sparse *s = v->sparse;
	int r;

	find_tables_end(v);
	r = slots_init(&slots, v->tables_end, s->source->name, err);
	if (r < 0)
		return r;
	take_sectors(v, &slots, 0, VD_SECTOR, "header");
	if (s->header.descriptor_offset)
		take_sectors(v, &slots, s->header.descriptor_offset,
			     s->header.descriptor_size * VD_SECTOR, "descriptor");
	take_sectors(v, &slots, s->header.directory_offset, s->n_tables * s->entry_size,
		     "grain directory");
	if (s->redundant)
		take_sectors(v, &slots, s->header.redundant_offset, s->n_tables * 4,
			     "redundant grain directory");
	for (uint64_t i = 0; i < s->n_tables; i++) {
		if (s->directory[i])
			take_sectors(v, &slots, s->directory[i], vmdk_table_bytes(s),
				     "grain table");
		if (s->redundant && s->redundant[i])
			take_sectors(v, &slots, s->redundant[i], vmdk_table_bytes(s),
				     "redundant grain table");
	}
	return 0;
}

/* False: a grain of another residue, so units must be finer. */
static bool take_grain(struct survey *v, uint64_t grain, uint64_t entry)
{
	const struct vmdk_sparse *s = v->sparse;
	uint64_t n = vmdk_sparse_is_compressed(s) ? 1 : s->header.grain / v->unit;
	uint64_t slot = entry / v->unit;

	if (v->residue == UINT64_MAX)
		v->residue = entry % v->unit;
	if (v->residue != entry % v->unit)
		return false;
	for (uint64_t i = 0; i < n && slot + i < v->slots.n; i++) {
		if (slots_take(&v->slots, slot + i))
			continue;
		findings_add(v->findings, FINDING_ERROR,
			     "%s: VMDK grain table: grain %" PRIu64 " at sector %" PRIu64
			     ", where another grain is already",
			     s->source->name, grain, entry);
		break;
	}
	return true;
}

static int survey_entry(struct survey *v, uint64_t grain, uint64_t entry)
{
	const struct vmdk_sparse *s = v->sparse;
	bool packed = vmdk_sparse_is_compressed(s);

	if (entry == 0 || vmdk_entry_is_zero(s, entry))
		return 0;
	v->usage.grains++;
	if (!vmdk_grain_is_inside(s, grain, entry)) {
		findings_add(v->findings, FINDING_ERROR,
			     "%s: VMDK grain table: grain %" PRIu64 " at sector %" PRIu64
			     ", beyond the end of the file",
			     s->source->name, grain, entry);
		return 0;
	}
	if (!packed && entry < v->tables_end)
		findings_add(v->findings, FINDING_ERROR,
			     "%s: VMDK grain table: grain %" PRIu64 " at sector %" PRIu64
			     ", where the tables are",
			     s->source->name, grain, entry);
	if (entry % s->header.grain)
		v->usage.aligned = false;
	v->usage.end = MAX(v->usage.end, (uint64_t)entry * VD_SECTOR + s->grain_size);
	return take_grain(v, grain, entry) ? 0 : -EAGAIN;
}

bool vmdk_is_hole(struct vmdk_sparse *s, struct vmdk_hole *hole, uint64_t offset)
{
	struct source_extent extent = { .length = 0 };

	if (offset >= hole->start && offset + VD_SECTOR <= hole->end)
		return true;
	/* what waits for a flush is not in the file yet */
	if (blockmap_is_dirty(s->map) || offset >= s->source->size ||
	    source_extent(s->source, offset, &extent, NULL) < 0 || !extent.zero)
		return false;
	*hole = (struct vmdk_hole){ offset, offset + extent.length };
	return offset + VD_SECTOR <= hole->end;
}

static int survey_page(struct survey *v, uint64_t table, uint64_t index, struct error **err)
{
	struct vmdk_sparse *s = v->sparse;
	uint64_t grain = table * s->header.grains_per_table + index;
	uint8_t entries[VD_SECTOR];
	int r;

	if (vmdk_is_hole(s, &v->hole,
			 s->directory[table] * (uint64_t)VD_SECTOR + index * s->entry_size))
		return 0;
	r = blockmap_read(s->map, vmdk_table_at(s, s->directory[table]) + index * s->entry_size,
			  entries, sizeof(entries), err);
	for (unsigned int i = 0; r == 0 && i < sizeof(entries) / s->entry_size; i++)
		r = survey_entry(v, grain + i, vmdk_entry_decode(s, entries, i));
	return r;
}

static int survey_grains(struct survey *v, struct error **err)
{
	const struct vmdk_sparse *s = v->sparse;
	int r;

	v->usage = (struct vmdk_usage){ .end = v->tables_end * VD_SECTOR, .aligned = true };
	v->residue = UINT64_MAX;
	slots_release(&v->slots);
	r = slots_init(&v->slots, s->source->size / VD_SECTOR / v->unit + 1, s->source->name, err);
	for (uint64_t table = 0; r == 0 && table < s->n_tables; table++) {
		for (uint64_t i = 0;
		     r == 0 && s->directory[table] && i < s->header.grains_per_table;
		     i += VD_SECTOR / s->entry_size)
			r = survey_page(v, table, i, err);
	}
	return r;
}

int vmdk_survey(struct vmdk_sparse *sparse, struct vmdk_usage *ret, struct findings *findings,
		struct error **err)
{
	bool packed = vmdk_sparse_is_compressed(sparse);
	struct survey v = { .sparse = sparse, .findings = findings };
	int r = 0;

	/* streams interleave tables and grains, and are never written to */
	if (!packed)
		r = survey_tables(&v, err);
	v.unit = packed ? 1 : sparse->header.grain;
	if (r == 0)
		r = survey_grains(&v, err);
	if (r == -EAGAIN) {
		/* grains are not all alike: sector by sector, and each error is told once more */
		v.unit = 1;
		r = survey_grains(&v, err);
	}
	slots_release(&v.slots);
	*ret = v.usage;
	return r;
}
