// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/crash.h"

#include "tests/unit/vdattach/crash/crash_cuts.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/crash/crash_model.h"
#include "tests/unit/vdattach/fake/world.h"

bool crash_reclaims(const struct vd_image *image)
{
	return image->format == &vd_format_qcow2;
}

void crash_close(struct crash_run *run)
{
	source_close(&run->disk);
	vd_image_close(&run->image);
}

void crash_open(struct crash_run *run, struct world *world)
{
	_cleanup_error_ struct error *err = NULL;

	run->resolver = world_resolver(world);
	if (world_open(world, &run->resolver, false, &run->image, &err) < 0)
		crash_fail(run, "does not open: %s", error_msg(err));
	if (run->image->read_only)
		crash_fail(run, "opens read-only");
	if (vd_image_check(run->image, &err) < 0)
		crash_fail(run, "check: %s", error_msg(err));
	for (size_t i = 0; i < run->image->findings.n; i++) {
		enum finding_level level = run->image->findings.items[i].level;

		if (level == FINDING_ERROR || (run->no_leaks && level == FINDING_LEAK))
			crash_fail(run, "check: %s", run->image->findings.items[i].text);
	}
	if (vd_image_view(run->image, &run->disk, NULL) < 0)
		abort();
}

void crash_room(struct crash_run *run)
{
	run->sectors = run->image->size / CRASH_SECTOR;
	crash_disk_new(run, &run->base);
	crash_disk_new(run, &run->seen);
	crash_disk_new(run, &run->again);
	run->latest = crash_alloc(run->sectors * 4);
	run->safe = crash_alloc(run->sectors * 4);
	run->zeroed = crash_alloc(run->sectors * 4);
}

void crash_start(struct crash_run *run, const struct vd_case *c, uint64_t seed)
{
	*run = (struct crash_run){ .c = c, .seed = seed, .state = "start" };
	run->rng = seed * 0x9e3779b97f4a7c15ULL + 1;
	/* images are opened by the thousand: their memory is to be used again */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	c->make(&run->world, &run->rng);
	crash_open(run, &run->world);
	crash_room(run);
	run->world.holes = rng_below(&run->rng, 4) != 0;
	crash_see(run, &run->base);
}

void crash_end(struct crash_run *run)
{
	crash_close(run);
	world_release(&run->world);
	crash_disk_free(&run->base);
	crash_disk_free(&run->seen);
	crash_disk_free(&run->again);
	free(run->latest);
	free(run->safe);
	free(run->zeroed);
}

void crash_choose(struct crash_run *run, uint64_t *ret_sector, size_t *ret_n)
{
	uint64_t block = run->image->block_size / CRASH_SECTOR, at, before;

	*ret_n = 1 + (size_t)rng_below(&run->rng, rng_below(&run->rng, 4) ? 12 : 100);
	at = rng_below(&run->rng, run->sectors);
	if (block && rng_below(&run->rng, 3) == 0) {
		before = rng_below(&run->rng, *ret_n + 1);
		at -= at % block;
		at -= MIN(at, before);
	}
	*ret_n = (size_t)MIN((uint64_t)*ret_n, run->sectors - at);
	*ret_sector = at;
}

/* In one piece, or in pieces of any length. */
static int crash_pwrite(struct crash_run *run, const uint8_t *buf, size_t n, uint64_t offset)
{
	int r = 0;

	while (n > 0 && r == 0) {
		size_t part = run->odd_pieces ? 1 + (size_t)rng_below(&run->rng, n) : n;

		r = source_pwrite(run->disk, buf, part, offset, NULL);
		buf += part;
		offset += part;
		n -= part;
	}
	return r;
}

int crash_guest_write(struct crash_run *run, uint64_t sector, size_t n)
{
	uint8_t buf[100 * CRASH_SECTOR];
	size_t op = run->world.n_ops;
	int r;

	run->serial++;
	for (size_t i = 0; i < n; i++)
		crash_paint(buf + i * CRASH_SECTOR, sector + i, run->serial);
	if (run->world.recording) {
		*world_log(&run->world, OP_GUEST_WRITE) = (struct world_op){
			.kind = OP_GUEST_WRITE, .offset = sector, .n = n, .serial = run->serial
		};
	}
	r = crash_pwrite(run, buf, n * CRASH_SECTOR, sector * CRASH_SECTOR);
	/* the guest was told: what is there now is old or new */
	if (r < 0 && run->world.recording)
		run->world.ops[op].n = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		run->latest[sector + i] = run->serial;
	return r;
}

void crash_choose_blocks(struct crash_run *run, uint64_t *ret_sector, size_t *ret_n)
{
	uint64_t block = MAX(run->image->block_size / CRASH_SECTOR, 8), n;

	crash_choose(run, ret_sector, ret_n);
	if (rng_below(&run->rng, 4) == 0)
		return;
	*ret_sector -= *ret_sector % block;
	n = block * (1 + rng_below(&run->rng, 3));
	if (rng_below(&run->rng, 4) == 0)
		n += rng_below(&run->rng, block);
	*ret_n = (size_t)MIN(n, run->sectors - *ret_sector);
}

void crash_look(struct crash_run *run, uint64_t sector, size_t n)
{
	uint8_t buf[CRASH_SECTOR];

	run->world.fail_read_in = 0;
	for (uint64_t s = sector; s < sector + n; s++) {
		uint32_t serial;

		if (source_pread(run->disk, buf, sizeof(buf), s * CRASH_SECTOR, NULL) < 0)
			crash_fail(run, "cannot be read");
		serial = crash_identify(run, buf, s);
		if (serial != run->latest[s] && serial != run->serial)
			crash_fail(run, "sector %llu is of write %u, not of %u or the last one",
				   (unsigned long long)s, serial, run->latest[s]);
		run->latest[s] = serial;
	}
}

int crash_guest_discard(struct crash_run *run, uint64_t sector, size_t n, bool zero)
{
	enum world_op_kind kind = zero ? OP_GUEST_ZERO : OP_GUEST_DISCARD;
	uint64_t bytes = (uint64_t)n * CRASH_SECTOR, offset = sector * CRASH_SECTOR;
	size_t op = run->world.n_ops;
	int r;

	run->serial++;
	for (size_t i = 0; i < n; i++)
		run->zeroed[sector + i] = run->serial;
	if (run->world.recording) {
		*world_log(&run->world, kind) = (struct world_op){
			.kind = kind, .offset = sector, .n = n, .serial = run->serial
		};
	}
	r = zero ? source_write_zeroes(run->disk, bytes, offset, NULL)
		 : source_discard(run->disk, bytes, offset, NULL);
	/* a failed one may have been done in part */
	if (r < 0 && run->world.recording)
		run->world.ops[op].kind = OP_GUEST_DISCARD;
	if (r < 0 || !zero) {
		crash_look(run, sector, n);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		run->latest[sector + i] = run->serial;
	return r;
}

int crash_guest_flush(struct crash_run *run)
{
	int r = source_flush(run->disk, NULL);

	if (r == 0 && run->world.recording)
		world_log(&run->world, OP_GUEST_FLUSH);
	if (r == 0)
		memcpy(run->safe, run->latest, run->sectors * 4);
	return r;
}

/* Closed without a flush: what was not flushed may be gone, but no power was cut. */
static void crash_reopen(struct crash_run *run)
{
	crash_close(run);
	/* what open repairs has its space since it was changed, which no disk in memory knows */
	run->world.fail_in = 0;
	crash_open(run, &run->world);
	crash_see(run, &run->seen);
	crash_verify(run, &run->seen);
	for (uint64_t s = 0; s < run->sectors; s++) {
		uint32_t serial = crash_identify(run, crash_sector(&run->seen, s), s);

		if (serial == run->latest[s])
			continue;
		run->latest[s] = serial;
		*world_log(&run->world, OP_GUEST_WRITE) = (struct world_op){
			.kind = OP_GUEST_WRITE, .offset = s, .n = 1, .serial = serial
		};
	}
}

static void crash_workload(struct crash_run *run)
{
	unsigned int steps = 4 + (unsigned int)rng_below(&run->rng, 24);

	run->state = "workload, step";
	for (run->cut = 0; run->cut < steps; run->cut++) {
		uint64_t dice = rng_below(&run->rng, 100), sector;
		size_t n;

		if (dice < 4) {
			run->world.fail_in = 1 + (unsigned int)rng_below(&run->rng, 5);
		} else if (dice < 24) {
			(void)crash_guest_flush(run);
		} else if (dice < 28) {
			crash_reopen(run);
		} else if (dice < 44) {
			crash_choose_blocks(run, &sector, &n);
			(void)crash_guest_discard(run, sector, n, dice < 38);
		} else {
			crash_choose(run, &sector, &n);
			if (crash_guest_write(run, sector, n) < 0)
				crash_look(run, sector, n);
		}
	}
	run->world.fail_in = 0;
	(void)crash_guest_flush(run);
	crash_close(run);
}

uint64_t crash_setting(const char *name, uint64_t value)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : value;
}

void crash_format(const struct vd_case *c, uint64_t seed, unsigned int workloads)
{
	seed = crash_setting("CRASH_SEED", seed);
	workloads *= (unsigned int)crash_setting("CRASH_FACTOR", 1);
	workloads = MAX(workloads / (unsigned int)crash_setting("CRASH_DIVISOR", 1), 1U);
	workloads = (unsigned int)crash_setting("CRASH_WORKLOADS", workloads);
	for (unsigned int i = 0; i < workloads; i++) {
		struct crash_run run;

		crash_start(&run, c, seed + i);
		world_record(&run.world);
		crash_workload(&run);
		crash_cuts(&run);
		crash_end(&run);
	}
}
