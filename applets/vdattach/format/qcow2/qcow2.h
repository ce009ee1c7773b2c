/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QCOW2 versions 2 and 3, what its files share. Facts: qemu's
 * docs/interop/qcow2.txt; limits are those of qemu's driver.
 */
#ifndef APPLETS_VDATTACH_FORMAT_QCOW2_QCOW2_H
#define APPLETS_VDATTACH_FORMAT_QCOW2_QCOW2_H

#include "applets/vdattach/format/common/blockcache.h"
#include "applets/vdattach/format/common/blockmap.h"
#include "applets/vdattach/format/common/codec.h"
#include "applets/vdattach/format/format.h"

#define QCOW2_MAGIC "QFI\xfb"

#define QCOW2_INCOMPAT_DIRTY	   (1ULL << 0)
#define QCOW2_INCOMPAT_CORRUPT	   (1ULL << 1)
#define QCOW2_INCOMPAT_DATA_FILE   (1ULL << 2)
#define QCOW2_INCOMPAT_COMPRESSION (1ULL << 3)
#define QCOW2_INCOMPAT_EXTENDED_L2 (1ULL << 4)
#define QCOW2_INCOMPAT_KNOWN	   0x1fULL
#define QCOW2_AUTOCLEAR_BITMAPS	   (1ULL << 0)
#define QCOW2_AUTOCLEAR_RAW	   (1ULL << 1) /* the data file is the disk, byte for byte */

#define QCOW2_MAX_L1_BYTES	 (32 * MIB)
#define QCOW2_MAX_REFTABLE_BYTES (8 * MIB)
#define QCOW2_MAX_SNAPSHOTS	 65536u
#define QCOW2_MAX_BACKING_NAME	 1023u

#define QCOW2_COPIED	  (1ULL << 63) /* refcount is exactly 1: may be written in place */
#define QCOW2_COMPRESSED  (1ULL << 62)
#define QCOW2_ZERO	  (1ULL << 0) /* version 3 */
#define QCOW2_OFFSET_MASK 0x00fffffffffffe00ULL

#define QCOW2_SUBCLUSTERS 32u

struct qcow2_header {
	uint32_t version, cluster_bits, crypt_method, refcount_order, length;
	uint64_t size, backing_offset;
	uint32_t backing_length, l1_entries, reftable_clusters, n_snapshots;
	uint64_t l1_offset, reftable_offset, snapshots_offset;
	uint64_t incompatible, compatible, autoclear;
	uint8_t compression;
};

struct qcow2_bitmaps {
	uint32_t n;
	uint64_t directory_offset, directory_size;
};

/* References to drop once nothing on the disk holds them any more. */
struct qcow2_drop {
	uint64_t cluster; /* index */
	uint64_t n;
};

#define QCOW2_MAX_DROPS 1024u

/* Clusters that hold tables of the image, or what else no guest may write: see metadata.c. */
struct qcow2_metadata {
	struct qcow2_run {
		uint64_t first, n; /* clusters */
		bool shared;	   /* snapshots may have the same table */
	} * runs;		   /* sorted; owned */
	size_t n_runs, n_room;
};

/* Clusters inside the file that nothing refers to, not on the disk either: see reclaim.c. */
struct qcow2_spare {
	uint8_t *bits;	       /* one for each of n clusters from first on; owned, or NULL */
	uint64_t first, n, at; /* none is spare before first + at */
};

struct qcow2 {
	struct source *file;
	struct source *data;	  /* where guest data lies: file, or data_file */
	struct source *data_file; /* owned, or NULL */
	struct qcow2_header header;
	struct qcow2_bitmaps bitmaps;
	char *backing_name, *backing_format, *data_file_name; /* owned, or NULL */

	uint64_t cluster_size;
	uint32_t l2_bits;	/* log2 of the entries of an L2 table */
	uint32_t l2_entry_size; /* 8, or 16 with extended entries */
	uint32_t refblock_bits; /* log2 of the entries of a refcount block */
	uint64_t reftable_entries;
	enum vd_codec codec;
	bool may_write; /* as image->read_only was at open */
	bool foreign;	/* has extensions that may have clusters nobody here knows of */
	bool reclaimed; /* qcow2_reclaim was called */

	/*
	 * Tables by when they go to the disk at a flush: before all, what nothing refers to yet
	 * (refcount blocks, new L2 tables); then the refcount table; the header when that
	 * table has moved; last L1 and the L2 tables that
	 * were there before, which make it all visible.
	 */
	struct blockmap *early, *reftable, *head, *map;
	uint64_t epoch_end; /* L2 tables from here on are new since the last flush */
	struct tail tail;   /* of file */
	struct qcow2_drop drops[QCOW2_MAX_DROPS];
	size_t n_drops;
	struct qcow2_metadata metadata; /* empty unless may_write */
	struct qcow2_spare spare;
	uint8_t *cluster; /* scratch of cluster_size, for writing */

	struct blockcache *decoded;
	struct vd_decoder *decoder;
	uint8_t *encoded; /* scratch for compressed bytes: as many as a cluster can have */
};

enum qcow2_kind {
	QCOW2_UNALLOCATED,
	QCOW2_PLAIN_ZERO,
	QCOW2_ZERO_ALLOCATED, /* reads as zeros, has a cluster */
	QCOW2_NORMAL,
	QCOW2_COMPRESSED_DATA,
};

/* One entry of an L2 table, decoded. */
struct qcow2_entry {
	enum qcow2_kind kind;
	bool copied;
	uint64_t offset;	  /* in data; of the compressed bytes in file */
	uint64_t length;	  /* of the compressed bytes: an upper bound */
	uint32_t allocated, zero; /* extended entries: bit by subcluster */
};

static inline struct qcow2 *qcow2_of(const struct vd_image *image)
{
	return image->state;
}

/*
 * Decodes and checks the fixed part of the header and its extensions into q->header, bitmaps and
 * names. q->file is set. 0, -EINVAL or -EOPNOTSUPP (encryption, unknown features).
 */
int qcow2_header_read(struct qcow2 *q, struct error **err) _must_check_ _nonnull_(1);

/*
 * Replaces a backing name of options ("json:") by the file that they name, and its format. 0;
 * -EOPNOTSUPP for what is no local file; -EINVAL.
 */
int qcow2_backing_read(struct qcow2 *q, struct error **err) _must_check_ _nonnull_(1);

/* Decodes an L2 entry; bitmap is the second half of an extended one. 0 or -EINVAL. */
int qcow2_entry_decode(const struct qcow2 *q, uint64_t value, uint64_t bitmap,
		       struct qcow2_entry *ret, struct error **err) _must_check_ _nonnull_(1, 4);

/* The L1 entry that covers the guest offset. 0 or -errno. */
int qcow2_l1_get(struct qcow2 *q, uint64_t offset, uint64_t *ret, struct error **err) _must_check_
	_nonnull_(1, 3);

/* The L2 entry for the guest offset in the L2 table at l2_offset, which is checked. */
int qcow2_l2_get(struct qcow2 *q, uint64_t l2_offset, uint64_t offset, struct qcow2_entry *ret,
		 struct error **err) _must_check_ _nonnull_(1, 4);

/* Index of the L2 entry for a guest offset within its table. */
uint64_t qcow2_l2_index(const struct qcow2 *q, uint64_t offset) _nonnull_(1);

/* Which of the maps has the L2 table at this offset. */
struct blockmap *qcow2_l2_map(const struct qcow2 *q, uint64_t l2_offset) _nonnull_(1);

/* vd_format_ops.extent and .pread. */
int qcow2_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		 struct error **err) _must_check_;
int qcow2_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		struct error **err) _must_check_;

/* Reads part of a compressed cluster. within: offset in the cluster. */
int qcow2_read_compressed(struct qcow2 *q, const struct qcow2_entry *entry, void *buf, size_t n,
			  uint64_t within, struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* Refcount of a cluster, by index; 0 where there is no refcount block. */
int qcow2_refcount_get(struct qcow2 *q, uint64_t cluster, uint64_t *ret,
		       struct error **err) _must_check_ _nonnull_(1, 3);

/* Sets it in memory; makes refcount blocks and a larger refcount table where needed. */
int qcow2_refcount_set(struct qcow2 *q, uint64_t cluster, uint64_t value,
		       struct error **err) _must_check_ _nonnull_(1);

/* Lowers the refcount of n clusters by one. */
int qcow2_refcount_drop(struct qcow2 *q, uint64_t cluster, uint64_t n,
			struct error **err) _must_check_ _nonnull_(1);

/*
 * Number index of a run of refcounts of 1 << order bits each: big-endian; those that share a byte
 * begin with its least significant bits.
 */
uint64_t qcow2_refcount_decode(const uint8_t *block, uint64_t index, uint32_t order) _nonnull_(1);

/*
 * A fresh cluster, all zeros, with refcount 1: for data a spare one where there is one, for a table
 * always one at the end of the file.
 */
int qcow2_allocate_data(struct qcow2 *q, uint64_t *ret_offset, struct error **err) _must_check_
	_nonnull_(1, 2);
int qcow2_allocate(struct qcow2 *q, uint64_t *ret_offset, struct error **err) _must_check_
	_nonnull_(1, 2);

/* Gives back what was allocated last. */
void qcow2_unallocate(struct qcow2 *q, uint64_t offset) _nonnull_(1);

/* An entry while its cluster is written. */
struct qcow2_target {
	uint64_t table;		  /* L2 table, ours alone */
	struct qcow2_entry entry; /* as it was */
	uint64_t offset;	  /* of the cluster to write, in data */
};

/*
 * How many bytes of the cluster for the guest offset may be written: a data file does not become
 * longer than the disk, which it may be, byte for byte.
 */
uint64_t qcow2_cluster_end(const struct vd_image *image, uint64_t offset) _nonnull_(1);

/* Writes to q->data, which becomes longer where it is a data file. 0 or -errno. */
int qcow2_put_data(struct qcow2 *q, const void *buf, size_t n, uint64_t offset,
		   struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * Changes the L2 entry for the guest offset in memory; bitmap is the second half of an extended
 * one. 0 or -errno.
 */
int qcow2_set_entry(struct qcow2 *q, uint64_t table, uint64_t offset, uint64_t value,
		    uint64_t bitmap, struct error **err) _must_check_ _nonnull_(1);

/*
 * n bytes of the guest inside one cluster that is not compressed, of an image with extended
 * entries: writes the subclusters that they touch, whole, to target->offset, and, where that is a
 * fresh cluster, those that the old one has data of. *ret_bitmap: what is in the cluster then.
 */
int qcow2_write_subclusters(struct vd_image *image, const struct qcow2_target *target,
			    const void *buf, size_t n, uint64_t offset, uint64_t *ret_bitmap,
			    struct error **err) _must_check_ _nonnull_(1, 2, 3, 6);

/* vd_write_ops.pwrite, .zero_block and .flush. */
int qcow2_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		 struct error **err) _must_check_;
int qcow2_zero_block(struct vd_image *image, uint64_t offset, struct error **err) _must_check_;
int qcow2_flush(struct vd_image *image, struct error **err) _must_check_;

/*
 * For an image with the dirty bit, before anything is written: makes the refcounts and COPIED flags
 * anew from the mapping and clears the bit. 0, -EROFS (damage that only a person should repair; the
 * file is as it was), or -errno: the bit stays.
 */
int qcow2_repair(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/*
 * Before the first write: frees clusters near the end of the file that have a refcount though
 * nothing refers to them, as a process that was killed and a power cut leave them. These, and what
 * else nothing refers to, become q->spare; q->tail is put behind the last cluster in use. Not where
 * that would be a long search, and never when anything is wrong with the image.
 */
void qcow2_reclaim(struct vd_image *image) _nonnull_(1);

/* The next spare cluster, by index, which is then no longer spare. False: there is none. */
bool qcow2_spare_take(struct qcow2_spare *spare, uint64_t *ret) _nonnull_(1, 2);

/* Makes a cluster spare again. False: it is outside of where spare ones are looked for. */
bool qcow2_spare_put(struct qcow2_spare *spare, uint64_t cluster) _nonnull_(1);

/*
 * Reads which clusters hold the image's own tables into q->metadata. 0, -EROFS (two of them lie in
 * the same place), or -errno.
 */
int qcow2_metadata_read(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* Notes that the n clusters from first on hold tables from now on. 0 or -ENOMEM. */
int qcow2_metadata_add(struct qcow2 *q, uint64_t first, uint64_t n, bool shared,
		       struct error **err) _must_check_ _nonnull_(1);

/* Takes back the last qcow2_metadata_add if it was of that cluster. */
void qcow2_metadata_remove(struct qcow2 *q, uint64_t cluster) _nonnull_(1);

/* True when any of the bytes lies in a cluster of tables. */
bool qcow2_metadata_has(const struct qcow2 *q, uint64_t offset, uint64_t length) _nonnull_(1);

/* vd_format_ops.check. */
int qcow2_check(struct vd_image *image, struct error **err) _must_check_;

#endif
