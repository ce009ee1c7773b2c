/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the VMDK format share. */
#ifndef APPLETS_VDATTACH_FORMAT_VMDK_VMDK_H
#define APPLETS_VDATTACH_FORMAT_VMDK_VMDK_H

#include "applets/vdattach/format/common/blockcache.h"
#include "applets/vdattach/format/common/blockmap.h"
#include "applets/vdattach/format/common/codec.h"
#include "applets/vdattach/format/vmdk/descriptor.h"
#include "applets/vdattach/format/vmdk/header.h"

#define VMDK_COPY_BYTES (64 * KIB)

/* The tables of one sparse extent. */
struct vmdk_sparse {
	struct source *source; /* the extent's */
	struct vmdk_header header;
	uint64_t grain_size;	/* bytes */
	uint32_t entry_size;	/* bytes in directory and tables */
	uint64_t size;		/* bytes of the guest's in this extent */
	uint32_t *directory;	/* sector of each grain table, 0 = none; owned */
	uint32_t *redundant;	/* the same of the second set; owned, NULL = there is none */
	bool directory_damaged; /* directory is the second one */
	uint64_t n_tables;
	struct blockmap *map; /* over both sets of grain tables; the image's */
	uint64_t tables;      /* where offset 0 of source is in map */
	/* Writable images only: */
	struct tail tail;
	uint64_t align;	     /* of grains in the file */
	bool marked;	     /* the header says that it is being written to */
	bool tables_changed; /* in memory or on their way to the disk */
};

struct vmdk_extent {
	enum vmdk_extent_type type;
	bool accessible;
	uint64_t start, size;  /* which of the guest's bytes */
	struct source *source; /* owned unless it is the image's own file; NULL for VMDK_ZERO */
	uint64_t offset;       /* VMDK_FLAT: where start is in source */
	struct vmdk_sparse *sparse; /* VMDK_SPARSE: owned */
};

struct vmdk_state {
	struct vmdk_descriptor descriptor;
	uint64_t descriptor_offset; /* of the text in the image's file */
	struct vmdk_extent *extents;
	size_t n_extents;
	struct source *tables;	   /* owned; see format/vmdk/tables.c */
	struct blockmap *map;	   /* over tables; owned */
	struct blockcache *grains; /* decompressed; NULL: none is compressed */
	struct vd_decoder *decoder;
	uint8_t *packed; /* one grain before decompression */
	size_t packed_size;
	uint8_t *buffer; /* VMDK_COPY_BYTES, for copying grains; writable images only */
};

/* What a walk over the grain tables of one extent found. */
struct vmdk_usage {
	uint64_t grains; /* in use */
	uint64_t end;	 /* nothing in use lies behind it in the file */
	bool aligned;	 /* all grains at multiples of their size */
};

/*
 * Opens the directories behind the header at the start of source, which stays the caller's. Free
 * with vmdk_sparse_free.
 */
int vmdk_sparse_open(struct source *source, struct vmdk_sparse **ret,
		     struct error **err) _must_check_ _nonnull_(1, 2);
void vmdk_sparse_free(struct vmdk_sparse **sparse);

/* An extent's file has no more: tables and grains are found by 32-bit sector numbers. */
#define VMDK_TABLES_SPAN (1ULL << 41)

/* Makes the map of all extents' tables, which are open. */
int vmdk_tables_open(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* Where the table that starts at a sector of the extent's file is in the map. */
static inline uint64_t vmdk_table_at(const struct vmdk_sparse *sparse, uint32_t sector)
{
	return sparse->tables + (uint64_t)sector * VD_SECTOR;
}

static inline bool vmdk_sparse_is_compressed(const struct vmdk_sparse *sparse)
{
	return sparse->header.compression != 0;
}

/* Whether the table entry means zeros. */
static inline bool vmdk_entry_is_zero(const struct vmdk_sparse *sparse, uint64_t entry)
{
	return entry == 1 && sparse->header.flags & VMDK_FLAG_ZERO_GRAIN;
}

/* How many bytes of the grain belong to the disk: all but in the last one. 0 behind the end. */
static inline uint64_t vmdk_grain_bytes(const struct vmdk_sparse *sparse, uint64_t grain)
{
	uint64_t start = grain * sparse->grain_size;

	return start < sparse->size ? MIN(sparse->grain_size, sparse->size - start) : 0;
}

/* Whether the grain's bytes are inside the file. */
bool vmdk_grain_is_inside(const struct vmdk_sparse *sparse, uint64_t grain, uint64_t entry)
	_nonnull_(1);

#define VMDK_ENTRY_BAD UINT64_MAX /* inside no file */

/* Entry i of a table: the grain's sector, 0 = not here, or what vmdk_entry_is_zero() takes. */
uint64_t vmdk_entry_decode(const struct vmdk_sparse *sparse, const uint8_t *entries, uint64_t i)
	_nonnull_(1, 2);

static inline uint64_t vmdk_table_bytes(const struct vmdk_sparse *sparse)
{
	return (uint64_t)sparse->header.grains_per_table * sparse->entry_size;
}

/* vd_format_ops.extent for one sparse extent; offset is relative to its start. */
int vmdk_sparse_extent(struct vmdk_sparse *sparse, uint64_t offset, struct vd_extent *ret,
		       struct error **err) _must_check_ _nonnull_(1, 3);

/* The extent that has the guest's byte at offset. */
struct vmdk_extent *vmdk_find_extent(const struct vmdk_state *state, uint64_t offset) _nonnull_(1);

/* vd_format_ops.pread: bytes of one compressed grain. */
int vmdk_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
	       struct error **err) _must_check_ _nonnull_(1, 2);

/* A range of the file, in bytes, that reads as zeros without being read; all zero to begin with. */
struct vmdk_hole {
	uint64_t start, end;
};

/*
 * Whether the page of a table at offset of the file is in a hole, so that it names no grain: an
 * empty disk of 2 TiB has 128 MiB of such tables. hole: the last one seen, to be asked again.
 */
bool vmdk_is_hole(struct vmdk_sparse *sparse, struct vmdk_hole *hole, uint64_t offset)
	_nonnull_(1, 2);

/* Walks all grain tables; contradictions go to findings. 0, or -errno when they cannot be read. */
int vmdk_survey(struct vmdk_sparse *sparse, struct vmdk_usage *ret, struct findings *findings,
		struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* The same of a file that may be anything: false when it has no descriptor. */
bool vmdk_find_descriptor(struct source *source, struct vmdk_descriptor *ret) _nonnull_(1, 2);

/*
 * vd_image_open_file for a name as the descriptor has it, in its encoding: if no file is called so,
 * the only one beside the image that may be meant. -EINVAL when two may be.
 */
int vmdk_open_named(struct vd_image *image, const char *name, bool read_only, struct source **ret,
		    struct error **err) _must_check_ _nonnull_(1, 2, 4);

/*
 * For a sparse file without a descriptor: -EINVAL, with its name, if a descriptor beside it has it
 * as an extent, unless the user named the format. 0 otherwise.
 */
int vmdk_refuse_piece(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* Finds extents, by the descriptor; parts of open. */
int vmdk_open_extents(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* Prepares for writing; -EROFS when the tables are damaged or not for writing. */
int vmdk_write_open(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* vd_write_ops.begin: a new content id, and the headers say that they are open. */
int vmdk_begin_write(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* Takes back the marks of a session, when all is flushed. */
void vmdk_write_close(struct vd_image *image) _nonnull_(1);

extern const struct vd_write_ops vmdk_write_ops;
int vmdk_flush(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);
int vmdk_check(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

#endif
