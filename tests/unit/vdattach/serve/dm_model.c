// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/serve/dm_model.h"

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/fake/world.h"

/* Reads n bytes of the disk through one target of a table. */
static void dm_model_target(struct crash_run *run, const struct dm_map *map,
			    const struct dm_target_spec *spec, uint8_t *buf)
{
	const char *params = (const char *)(spec + 1);
	size_t n = (size_t)spec->length * DM_SECTOR;
	unsigned int major_number, minor_number, chunk;
	uint64_t offset;
	bool striped;
	int r = 0, skip = 0;

	if (strcmp(spec->target_type, "zero") == 0) {
		memset(buf, 0, n);
		return;
	}
	/* how the disk begins, for GRUB's sake: a single stripe is the same as linear */
	striped = spec->sector_start == 0;
	if (striped && sscanf(params, "1 %u %n", &chunk, &skip) == 1 && chunk == spec->length)
		params += skip;
	if (strcmp(spec->target_type, striped ? "striped" : "linear") != 0 ||
	    sscanf(params, "%u:%u %" SCNu64, &major_number, &minor_number, &offset) != 3)
		crash_fail(run, "target '%s %s'", spec->target_type, params);
	if (major_number == 7 && minor_number == 0)
		r = source_pread(run->disk, buf, n, offset * DM_SECTOR, NULL);
	else
		r = source_pread(map->sources[minor_number], buf, n, offset * DM_SECTOR, NULL);
	if (r < 0)
		crash_fail(run, "target '%s' cannot be read", params);
}

/* Reads the disk through a table. */
static void dm_model_read(struct crash_run *run, const struct dm_map *map,
			  const struct dm_table *table, uint8_t *disk)
{
	size_t at = sizeof(struct dm_ioctl);
	uint64_t next = 0;

	for (uint32_t i = 0; i < table->n; i++) {
		struct dm_target_spec spec[2];

		if (at + sizeof(spec[0]) > table->used)
			crash_fail(run, "table of %u targets is cut short", table->n);
		memcpy(spec, table->buffer + at, MIN(sizeof(spec), table->used - at));
		((char *)spec)[sizeof(spec) - 1] = '\0';
		if (spec[0].sector_start != next || spec[0].length == 0)
			crash_fail(run, "target %u begins at %llu, expected %llu", i,
				   (unsigned long long)spec[0].sector_start,
				   (unsigned long long)next);
		dm_model_target(run, map, spec, disk + next * DM_SECTOR);
		next += spec[0].length;
		at += spec[0].next;
	}
	if (next != run->sectors)
		crash_fail(run, "table covers %llu sectors of %llu", (unsigned long long)next,
			   (unsigned long long)run->sectors);
}

/* The table of map shows the disk as it is; server 0: without a server. */
static void dm_model_check(struct crash_run *run, const struct dm_map *map, dev_t server)
{
	size_t n = run->sectors * CRASH_SECTOR;
	uint8_t *expected = crash_alloc(n), *seen = crash_alloc(n);
	dev_t devices[DM_MAP_SOURCES_MAX];
	struct dm_table table;

	for (uint32_t i = 0; i < DM_MAP_SOURCES_MAX; i++)
		devices[i] = 0x800 + i;
	if (dm_table_new(2 * map->limit + 3, &table) < 0 ||
	    !dm_map_build(map, devices, server, &table))
		crash_fail(run, "no table of %zu segments", map->n);
	if (vd_image_pread(run->image, expected, n, 0, NULL) < 0)
		crash_fail(run, "cannot be read");
	dm_model_read(run, map, &table, seen);
	for (size_t i = 0; i < n; i++) {
		if (seen[i] != expected[i])
			crash_fail(run, "byte %zu through the map: 0x%02x, expected 0x%02x", i,
				   seen[i], expected[i]);
	}
	dm_table_release(&table);
	free(expected);
	free(seen);
}

/* Whatever the map has, it keeps; a limit makes it choose. */
static void dm_model_map(struct crash_run *run, size_t limit)
{
	struct dm_map map;
	bool changed = false;

	if (dm_map_new(run->image->size, VD_SECTOR, limit, &map) < 0)
		crash_fail(run, "no memory");
	for (run->cut = 0; run->cut < 60; run->cut++) {
		uint64_t sector, end;
		size_t n;

		crash_choose(run, &sector, &n);
		if (crash_guest_write(run, sector, n) < 0)
			crash_fail(run, "cannot be written");
		end = (sector + n + rng_below(&run->rng, 4096)) * CRASH_SECTOR;
		end = MIN(end, run->image->size);
		if (dm_map_add(&map, run->image, sector * CRASH_SECTOR, end, &changed, NULL) < 0)
			crash_fail(run, "cannot be mapped");
		if (run->cut % 20 == 19) {
			dm_map_prune(&map);
			dm_model_check(run, &map, DM_MODEL_SERVER);
		}
	}
	if (map.n > limit || map.n == 0 || !changed)
		crash_fail(run, "%zu segments, at most %zu expected", map.n, limit);
	dm_map_release(&map);
}

static void dm_model_chain(struct crash_run *run)
{
	struct dm_map map;

	if (dm_map_new(run->image->size, VD_SECTOR, 4096, &map) < 0 ||
	    dm_map_add_chain(&map, run->image, NULL) < 0)
		crash_fail(run, "cannot be mapped");
	if (map.whole)
		dm_model_check(run, &map, 0);
	dm_map_release(&map);
}

void dm_model_format(const struct vd_case *c, uint64_t seed, unsigned int rounds)
{
	seed = crash_setting("CRASH_SEED", seed);
	rounds = (unsigned int)crash_setting("CRASH_WORKLOADS", rounds);
	for (unsigned int i = 0; i < rounds; i++) {
		struct crash_run run;

		crash_start(&run, c, seed + i);
		run.state = "dm map, step";
		dm_model_map(&run, i % 2 ? 8 : 4096);
		dm_model_chain(&run);
		crash_end(&run);
	}
}
