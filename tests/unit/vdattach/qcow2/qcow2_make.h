/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QCOW2 images in memory, written field by field from qemu's docs/interop/qcow2.txt. */
#ifndef TESTS_UNIT_VDATTACH_QCOW2_QCOW2_MAKE_H
#define TESTS_UNIT_VDATTACH_QCOW2_QCOW2_MAKE_H

#include <zlib.h>

#include "common/bytes.h"
#include "tests/unit/vdattach/fake/world.h"

#define Q2_COPIED     (1ULL << 63)
#define Q2_COMPRESSED (1ULL << 62)
#define Q2_MAX	      32768u /* clusters */

struct q2 {
	struct world *world;
	unsigned int file;
	uint32_t version, bits, order; /* cluster bits, refcount order */
	uint64_t size;
	const char *backing; /* raw, or NULL */
	bool extended;	     /* L2 entries; q2_map takes the next bitmap from here on */
	uint64_t bitmap;
	const char *data_name; /* of a data file, which world has as file data_file, or NULL */
	unsigned int data_file;
	bool raw;	 /* the data file is the disk */
	uint64_t end_at; /* the file is at least so many clusters long */
	uint64_t next;	 /* free cluster */
	uint64_t reftable, l1, snapshots;
	uint64_t bitmap_directory, bitmap_table, bitmap_bits;
	uint32_t l1_entries, reftable_clusters, n_snapshots;
	uint8_t refs[Q2_MAX];
};

void q2_put64(struct q2 *q, uint64_t offset, uint64_t value);

uint64_t q2_get64(struct q2 *q, uint64_t offset);

/* Where the entry of a guest cluster is in its L2 table, and in the L1 table. */
uint64_t q2_entry_at(const struct q2 *q, uint64_t l2, uint64_t cluster);

uint64_t q2_l1_at(const struct q2 *q, uint64_t cluster);

void q2_start(struct q2 *q, struct world *world, const char *name);

/* Sets the L2 entry of a guest cluster. */
void q2_map(struct q2 *q, uint64_t cluster, uint64_t value);

/* A data cluster full of fill. flags: into the entry. */
void q2_data(struct q2 *q, uint64_t cluster, uint8_t fill, uint64_t flags);

/* A compressed cluster full of fill; skip: bytes into its host cluster. */
void q2_compressed(struct q2 *q, uint64_t cluster, uint8_t fill, uint32_t skip);

/* A snapshot of all that is mapped now: everything has two references then. */
void q2_snapshot(struct q2 *q);

#define Q2_BITMAPS_AT 128u /* in the header: where the directory of bitmaps is */

/* One persistent bitmap that is valid, of version 3 without a data file or parent. */
void q2_bitmap(struct q2 *q);

/* Refcount blocks, which have refcounts themselves, then the header. */
void q2_finish(struct q2 *q);

#endif
