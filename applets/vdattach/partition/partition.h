/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Partition tables: MBR with logical partitions, GPT, and both (hybrid: GPT
 * wins). Numbers and choices are those of the kernel's block/partitions/, so
 * that partition N here is /dev/loopXpN there.
 */
#ifndef APPLETS_VDATTACH_PARTITION_PARTITION_H
#define APPLETS_VDATTACH_PARTITION_PARTITION_H

#include "applets/vdattach/format/common/findings.h"
#include "applets/vdattach/source/source.h"

#define PARTITIONS_MAX 255 /* the kernel's limit per disk (DISK_MAX_PARTS - 1) */

enum partition_scheme { SCHEME_NONE, SCHEME_MBR, SCHEME_GPT };

struct partition {
	unsigned int number;
	uint64_t start, length; /* bytes */
	bool extended;		/* MBR: only a frame around logical partitions */
	char type[37];		/* MBR: "83"; GPT: the GUID, lower case */
	char uuid[37];		/* PARTUUID: MBR "12345678-01"; GPT: the GUID, lower case */
	char label[109];	/* PARTLABEL in UTF-8: GPT only */
};

struct partition_table {
	enum partition_scheme scheme;
	uint32_t sector_size; /* that the table counts in: 512 or 4096 */
	bool hybrid;	      /* GPT whose MBR has partitions of its own */
	bool from_backup;     /* GPT whose primary header is damaged */
	bool backup_early;    /* GPT whose backup is not at the end: the disk has grown */
	struct partition *items;
	size_t n;
};

/*
 * Reads the partition table of disk. sector_size: 512..4096 to insist on it,
 * or 0: 4096 if a GPT header lies at 4096, else 512. Whatever is odd goes to
 * findings (may be NULL). A disk without a table is SCHEME_NONE, no error.
 * *ret is to be released. Returns 0, or -errno when disk cannot be read.
 */
int partition_table_read(struct source *disk, uint32_t sector_size, struct partition_table *ret,
			 struct findings *findings, struct error **err) _must_check_
	_nonnull_(1, 3);

/* Frees what table owns and empties it. NULL-safe. */
void partition_table_release(struct partition_table *table);

#define _cleanup_partition_table_ _cleanup_(partition_table_release)

/*
 * Finds the partition that spec names: N, PARTUUID=.. (any case) or
 * PARTLABEL=.. *ret stays the table's. disk_size: bytes, to refuse a partition
 * that reaches beyond the disk. Returns 0, -ENOENT, -EINVAL (spec is none of
 * these; an extended partition), -ENOTUNIQ (two have the name) or -ERANGE.
 */
int partition_select(const struct partition_table *table, uint64_t disk_size, const char *spec,
		     const struct partition **ret, struct error **err) _must_check_
	_nonnull_(1, 3, 4);

/* Overlaps and ends beyond the disk become findings. */
void partition_table_check(const struct partition_table *table, const struct source *disk,
			   struct findings *findings) _nonnull_(1, 2, 3);

/* "none", "mbr" or "gpt". */
const char *partition_scheme_name(enum partition_scheme scheme);

#endif
