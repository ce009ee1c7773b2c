/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the disk of crash.h, which includes this, holds: written, read and told apart by sector. */
#ifndef TESTS_UNIT_VDATTACH_CRASH_CRASH_DISK_H
#define TESTS_UNIT_VDATTACH_CRASH_CRASH_DISK_H

#include "tests/unit/vdattach/crash/crash.h"

/* What write number serial puts into a sector: unlike any other write, sector and byte order. */
void crash_paint(uint8_t *buf, uint64_t sector, uint32_t serial);

const uint8_t *crash_sector(const struct crash_disk *disk, uint64_t sector);

/* Either may be NULL: zeros. */
bool crash_same(const uint8_t *a, const uint8_t *b);

/*
 * Which operation a sector is of; 0 = of none, as it was before. UINT32_MAX: nothing that was ever
 * there. buf: its bytes, NULL = zeros.
 */
uint32_t crash_identify(const struct crash_run *run, const uint8_t *buf, uint64_t sector);

void *crash_alloc(size_t n);

void crash_disk_new(const struct crash_run *run, struct crash_disk *ret);

void crash_disk_free(struct crash_disk *disk);

void crash_read_all(struct crash_run *run, uint8_t *buf);

/* The same without copying zeros: most of a disk is, and it is read after every cut. */
void crash_see(struct crash_run *run, struct crash_disk *disk);

/* Every sector is of the last flushed write or a later one. */
void crash_verify(struct crash_run *run, const struct crash_disk *disk);

#endif
