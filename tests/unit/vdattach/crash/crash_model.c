// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/crash_model.h"

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

static void model_mend(struct crash_run *run)
{
	run->world.fail_in = run->world.fail_read_in = run->world.fail_flush_in = 0;
}

/* A write that failed left each sector as it was or made it new. */
static void model_after_failure(struct crash_run *run, uint64_t sector, size_t n)
{
	model_mend(run);
	if (!run->world.failed)
		crash_fail(run, "write of %zu sectors at %llu failed", n,
			   (unsigned long long)sector);
	crash_look(run, sector, n);
}

static void model_compare(struct crash_run *run, uint64_t sector, size_t n)
{
	uint8_t *buf = crash_alloc(n * CRASH_SECTOR);

	size_t size = n * CRASH_SECTOR, part;

	for (size_t at = 0; at < size; at += part) {
		part = run->odd_pieces ? 1 + (size_t)rng_below(&run->rng, size - at) : size;
		if (source_pread(run->disk, buf + at, part, sector * CRASH_SECTOR + at, NULL) == 0)
			continue;
		if (!run->world.failed)
			crash_fail(run, "cannot be read");
		free(buf);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t serial = crash_identify(run, buf + i * CRASH_SECTOR, sector + i);

		if (serial != run->latest[sector + i])
			crash_fail(run, "sector %llu: write %u, expected %u",
				   (unsigned long long)(sector + i), serial,
				   run->latest[sector + i]);
	}
	free(buf);
}

/* A sector is written as a whole where a part of the write may fail. */
static void model_prepare(struct crash_run *run, uint64_t dice)
{
	unsigned int in = 1 + (unsigned int)rng_below(&run->rng, 5);

	run->world.failed = false;
	run->odd_pieces = false;
	switch (rng_below(&run->rng, 24)) {
	case 0:
	case 1:
		if (dice < 60)
			run->world.fail_in = in;
		break;
	case 2:
		run->world.fail_read_in = in;
		break;
	case 3:
		run->world.fail_flush_in = in;
		break;
	default:
		run->odd_pieces = rng_below(&run->rng, 5) == 0;
	}
}

static void model_flush(struct crash_run *run)
{
	if (crash_guest_flush(run) < 0) {
		if (!run->world.failed)
			crash_fail(run, "cannot be flushed");
		model_mend(run);
		if (crash_guest_flush(run) < 0)
			crash_fail(run, "cannot be flushed after a failed flush");
	}
}

static void model_step(struct crash_run *run)
{
	uint64_t dice = rng_below(&run->rng, 100), sector;
	size_t n;

	crash_choose(run, &sector, &n);
	model_prepare(run, dice);
	if (dice < 45) {
		if (crash_guest_write(run, sector, n) < 0)
			model_after_failure(run, sector, n);
	} else if (dice < 60) {
		crash_choose_blocks(run, &sector, &n);
		if (crash_guest_discard(run, sector, n, dice < 55) < 0 && !run->world.failed)
			crash_fail(run, "discard of %zu sectors at %llu failed", n,
				   (unsigned long long)sector);
	} else if (dice < 85) {
		model_compare(run, sector, n);
	} else {
		model_flush(run);
		if (dice >= 95) {
			model_mend(run);
			crash_close(run);
			crash_open(run, &run->world);
		}
	}
	model_mend(run);
	run->odd_pieces = false;
}

static FILE *model_dump_file(const char *dir, const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	if (!file)
		abort();
	return file;
}

/* The files, the name of the first, and what the guest sees: for other programs to look at. */
static void model_dump(struct crash_run *run, const char *where)
{
	uint8_t *disk = crash_alloc(run->sectors * CRASH_SECTOR), page[PAGED_SIZE];
	char dir[256];
	FILE *file;

	snprintf(dir, sizeof(dir), "%s/%s %llu", where, run->c->name,
		 (unsigned long long)run->seed);
	mkdir(dir, 0777);
	for (unsigned int f = 0; f < run->world.n; f++) {
		const struct paged *now = &run->world.files[f].now;

		file = model_dump_file(dir, run->world.files[f].name);
		for (uint64_t at = 0; at < now->size; at += PAGED_SIZE) {
			size_t n = (size_t)MIN((uint64_t)PAGED_SIZE, now->size - at);

			paged_read(now, page, n, at);
			fwrite(page, n, 1, file);
		}
		fclose(file);
	}
	crash_read_all(run, disk);
	file = model_dump_file(dir, "disk.expected");
	fwrite(disk, run->sectors, CRASH_SECTOR, file);
	fclose(file);
	file = model_dump_file(dir, "name");
	fputs(run->world.files[0].name, file);
	fclose(file);
	free(disk);
}

void model_format(const struct vd_case *c, uint64_t seed, unsigned int rounds)
{
	seed = crash_setting("CRASH_SEED", seed);
	rounds = (unsigned int)crash_setting("CRASH_WORKLOADS", rounds);
	for (unsigned int i = 0; i < rounds; i++) {
		struct crash_run run;

		crash_start(&run, c, seed + i);
		run.state = "model, step";
		for (run.cut = 0; run.cut < 150; run.cut++)
			model_step(&run);
		model_flush(&run);
		crash_close(&run);
		crash_open(&run, &run.world);
		model_compare(&run, 0, run.sectors);
		if (getenv("MODEL_DUMP"))
			model_dump(&run, getenv("MODEL_DUMP"));
		crash_end(&run);
	}
}
