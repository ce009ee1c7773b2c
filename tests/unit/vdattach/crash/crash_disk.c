// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/crash/crash_disk.h"

void crash_paint(uint8_t *buf, uint64_t sector, uint32_t serial)
{
	uint64_t mix = (sector + 1) * 0x9e3779b97f4a7c15ULL ^ serial * 0xd1342543de82ef95ULL;

	memcpy(buf, &serial, 4);
	for (size_t i = 4; i < CRASH_SECTOR; i += 4) {
		mix = mix * 6364136223846793005ULL + 1442695040888963407ULL;
		buf[i] = (uint8_t)(mix >> 32);
		buf[i + 1] = (uint8_t)(mix >> 40);
		buf[i + 2] = (uint8_t)(mix >> 48);
		buf[i + 3] = (uint8_t)(mix >> 56);
	}
}

static bool crash_is_zero(const uint8_t *buf)
{
	return buf[0] == 0 && memcmp(buf, buf + 1, CRASH_SECTOR - 1) == 0;
}

const uint8_t *crash_sector(const struct crash_disk *disk, uint64_t sector)
{
	return disk->blank[sector] ? NULL : disk->bytes + sector * CRASH_SECTOR;
}

bool crash_same(const uint8_t *a, const uint8_t *b)
{
	if (!a || !b)
		return a == b || crash_is_zero(a ? a : b);
	return memcmp(a, b, CRASH_SECTOR) == 0;
}

uint32_t crash_identify(const struct crash_run *run, const uint8_t *buf, uint64_t sector)
{
	uint8_t want[CRASH_SECTOR];
	uint32_t serial;

	if (run->zeroed[sector] && (!buf || crash_is_zero(buf)))
		return run->zeroed[sector];
	if (crash_same(buf, crash_sector(&run->base, sector)))
		return 0;
	if (!buf)
		return UINT32_MAX;
	memcpy(&serial, buf, 4);
	crash_paint(want, sector, serial);
	return serial && memcmp(buf, want, CRASH_SECTOR) == 0 ? serial : UINT32_MAX;
}

void *crash_alloc(size_t n)
{
	void *p = calloc(n, 1);

	if (!p)
		abort();
	return p;
}

void crash_disk_new(const struct crash_run *run, struct crash_disk *ret)
{
	ret->bytes = crash_alloc(run->sectors * CRASH_SECTOR);
	ret->blank = crash_alloc(run->sectors);
}

void crash_disk_free(struct crash_disk *disk)
{
	free(disk->bytes);
	free(disk->blank);
}

void crash_read_all(struct crash_run *run, uint8_t *buf)
{
	_cleanup_error_ struct error *err = NULL;

	if (source_pread(run->disk, buf, run->sectors * CRASH_SECTOR, 0, &err) < 0)
		crash_fail(run, "read: %s", error_msg(err));
}

void crash_see(struct crash_run *run, struct crash_disk *disk)
{
	_cleanup_error_ struct error *err = NULL;
	uint64_t size = run->sectors * CRASH_SECTOR;
	struct vd_map_entry entry;

	for (uint64_t at = 0; at < size; at += entry.length) {
		if (vd_image_map(run->image, at, &entry, &err) < 0)
			crash_fail(run, "map: %s", error_msg(err));
		/* what ends inside a sector is read with all of it */
		entry.zero = entry.zero && entry.length % CRASH_SECTOR == 0;
		entry.length += CRASH_SECTOR - 1 - (entry.length - 1) % CRASH_SECTOR;
		entry.length = MIN(entry.length, size - at);
		memset(disk->blank + at / CRASH_SECTOR, entry.zero, entry.length / CRASH_SECTOR);
		if (!entry.zero &&
		    source_pread(run->disk, disk->bytes + at, (size_t)entry.length, at, &err) < 0)
			crash_fail(run, "read: %s", error_msg(err));
	}
}

void crash_verify(struct crash_run *run, const struct crash_disk *disk)
{
	for (uint64_t s = 0; s < run->sectors; s++) {
		uint32_t serial = crash_identify(run, crash_sector(disk, s), s);

		if (serial == UINT32_MAX)
			crash_fail(run, "sector %llu holds foreign bytes", (unsigned long long)s);
		if (serial < run->safe[s] || serial > run->serial)
			crash_fail(run, "sector %llu is of write %u, write %u was flushed",
				   (unsigned long long)s, serial, run->safe[s]);
	}
}
