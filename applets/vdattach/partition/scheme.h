/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between partition.c and the parser of each scheme. */
#ifndef APPLETS_VDATTACH_PARTITION_SCHEME_H
#define APPLETS_VDATTACH_PARTITION_SCHEME_H

#include "applets/vdattach/partition/partition.h"

struct partition_scan {
	struct source *disk;
	struct partition_table *table;
	struct findings *findings;
};

/*
 * Appends a zeroed partition and returns it in *ret. 0, -ENOMEM, or -E2BIG
 * (with a finding) when PARTITIONS_MAX are there.
 */
int partition_add(struct partition_scan *scan, struct partition **ret) _must_check_;

enum mbr_kind { MBR_NONE, MBR_PLAIN, MBR_PROTECTIVE, MBR_HYBRID };

/*
 * What the 512 bytes of sector 0 are. A boot sector of a file system also ends
 * in 55 aa: it is MBR_NONE, by the kernel's rule (boot indicators must be 0 or 80h).
 */
enum mbr_kind mbr_classify(const uint8_t *sector) _nonnull_(1);

/* Reads the MBR in sector (512 bytes) and its chain of EBRs into scan->table. 0 or -errno. */
int mbr_read(struct partition_scan *scan, const uint8_t *sector, struct error **err) _must_check_
	_nonnull_(1, 2);

/*
 * Reads a GPT, primary or backup, for sector_size 512 or 4096 (0: either).
 * Returns 0 or -errno; -ENOENT when there is no valid header at all.
 */
int gpt_read(struct partition_scan *scan, uint32_t sector_size, struct error **err) _must_check_
	_nonnull_(1);

#endif
