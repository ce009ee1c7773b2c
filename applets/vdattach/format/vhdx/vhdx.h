/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VHDX in pieces. Section numbers are those of [MS-VHDX]. A file is: headers
 * in its first MiB, then log, metadata region, BAT region and blocks, each at
 * a multiple of 1 MiB.
 */
#ifndef APPLETS_VDATTACH_FORMAT_VHDX_VHDX_H
#define APPLETS_VDATTACH_FORMAT_VHDX_VHDX_H

#include "applets/vdattach/format/common/blockmap.h"
#include "applets/vdattach/format/format.h"
#include "applets/vdattach/format/vhdx/pages.h"

#define VHDX_HEADER_SIZE 4096u
#define VHDX_GUID	 16u
#define VHDX_GUID_TEXT	 37u		      /* of vhdx_guid_text() */
#define VHDX_DISK_MAX	 (64ULL * 1024 * GIB) /* 2.6.2.2 */

struct vhdx_header { /* 2.2.2 */
	uint8_t bytes[VHDX_HEADER_SIZE];
	unsigned int slot; /* which of the two copies it is */
	uint64_t sequence;
	uint8_t file_write_guid[VHDX_GUID], data_write_guid[VHDX_GUID], log_guid[VHDX_GUID];
	uint16_t log_version, version;
	uint32_t log_length;
	uint64_t log_offset;
};

struct vhdx_region { /* 2.2.3.2 */
	uint64_t offset;
	uint64_t length;
};

#define VHDX_REGIONS_MAX 2047u

enum vhdx_state { /* 2.5.1: the low three bits of a BAT entry */
		  VHDX_NOT_PRESENT = 0,
		  VHDX_UNDEFINED = 1,
		  VHDX_ZERO = 2,
		  VHDX_UNMAPPED = 3,
		  VHDX_UNMAPPED_095 = 5,  /* in files of version 0.95, by qemu's block/vhdx.h */
		  VHDX_FULLY_PRESENT = 6, /* for a sector bitmap block: present */
		  VHDX_PARTIALLY_PRESENT = 7,
};

#define VHDX_STATE(entry)  ((enum vhdx_state)((entry)&7))
#define VHDX_OFFSET(entry) ((entry) & ~(uint64_t)0xfffff)

struct vhdx {
	struct source *file; /* the image's source, not owned */
	struct source *meta; /* file, or what it will be once the log is replayed; then owned */
	struct vhdx_header header;
	bool headers_differ; /* one of the copies is damaged */
	bool log_replayed;   /* the file had changes in its log */
	struct vhdx_region bat, metadata;
	struct vhdx_region *regions; /* all of the table, the two above included; owned */
	size_t n_regions;
	bool region_table_damaged; /* one of the copies */
	uint32_t block_size, sector_size;
	bool has_parent, fixed;
	uint64_t size;
	uint64_t locator_offset; /* of the parent locator in the file; 0 = none */
	uint32_t locator_length;
	uint64_t chunk_ratio, n_blocks, n_chunks;
	struct vhdx_pages pages; /* of BAT and sector bitmaps */
	/* writing */
	bool begun; /* the GUIDs of this session are on the disk */
	struct tail tail;
	uint8_t log_guid[VHDX_GUID];   /* of this session's log */
	uint64_t log_at, log_sequence; /* where the next log entry goes, and its number */
	bool in_log_only; /* changes are in the log, but could not be put in their place */
};

static inline struct vhdx *to_vhdx(struct vd_image *image)
{
	return image->state;
}

bool vhdx_guid_is_zero(const uint8_t *guid) _nonnull_(1);

/* {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} without the braces, as Windows writes it. */
void vhdx_guid_text(const uint8_t *guid, char ret[VHDX_GUID_TEXT]) _nonnull_(1);

/* Reads that text, with or without braces, from n characters. False when it is none. */
bool vhdx_guid_parse(const char *text, size_t n, uint8_t ret[VHDX_GUID]) _nonnull_(1);

/* format/vhdx/header.c */

/*
 * Reads both headers and keeps the newest valid one (2.2.2.1). -EINVAL when
 * there is none, -EOPNOTSUPP for versions that are not known.
 */
int vhdx_header_read(struct vhdx *vhdx, struct error **err) _must_check_;

/*
 * Writes the header's fields with the next sequence number over the older copy
 * and makes it durable. On failure the current copy is still the old one.
 */
int vhdx_header_write(struct vhdx *vhdx, struct error **err) _must_check_;

/* Reads the region table, of whichever copy is valid. -EOPNOTSUPP: an unknown required region. */
int vhdx_regions_read(struct vhdx *vhdx, struct error **err) _must_check_;

/* format/vhdx/metadata.c */

/* Reads the metadata table and the items; sets block_size .. locator_length. */
int vhdx_metadata_read(struct vhdx *vhdx, struct error **err) _must_check_;

/* format/vhdx/parent.c: the operations of vd_format_ops */
int vhdx_parent(struct vd_image *image, struct vd_parent_ref *ret, struct error **err) _must_check_;
int vhdx_matches_parent(struct vd_image *image, struct vd_image *candidate,
			struct error **err) _must_check_;

/* format/vhdx/log.c */

/* One thing that a log wants done: 4096 bytes, or zeros. */
struct vhdx_log_op {
	uint64_t offset, length; /* in the file */
	bool zero;
	uint64_t data;			 /* offset of the data sector in the file (2.3.1.4) */
	uint8_t leading[8], trailing[4]; /* its bytes that the log's own fields took */
};

struct vhdx_log {
	struct vhdx_log_op *ops; /* in the order of writing */
	size_t n_ops;
	uint64_t file_size; /* at least, after replay */
	bool is_empty;	    /* there is no valid entry: nothing to do but to say so in the header */
};

/*
 * Finds the active sequence of the log that header names (2.3.2) and what it
 * wants done. -EINVAL when the file is shorter than the log
 * says. Free with vhdx_log_release in any case.
 */
int vhdx_log_read(struct source *file, const struct vhdx_header *header, struct vhdx_log *ret,
		  struct error **err) _must_check_;

void vhdx_log_release(struct vhdx_log *log);

/* format/vhdx/replay.c */

/* Does in the file what the log wants, makes it durable and marks the log empty. */
int vhdx_log_apply(struct vhdx *vhdx, const struct vhdx_log *log, struct error **err) _must_check_;

/*
 * file as it will be after replay, read-only. Takes over the contents of log;
 * file stays the caller's.
 */
int vhdx_log_overlay(struct source *file, struct vhdx_log *log, struct source **ret,
		     struct error **err) _must_check_;

/* format/vhdx/bat.c */

/* Where the entry of a payload block is, and that of a chunk's sector bitmap, in the file. */
uint64_t vhdx_block_entry(const struct vhdx *vhdx, uint64_t block);
uint64_t vhdx_bitmap_entry(const struct vhdx *vhdx, uint64_t chunk);

/* The entry at an offset that one of the two above gave. */
int vhdx_entry_get(struct vhdx *vhdx, uint64_t at, uint64_t *ret, struct error **err) _must_check_;

/*
 * The sector bitmap of a block: *ret is the file offset of the byte for the
 * block's first sector (always a whole byte). -EINVAL when there is no bitmap.
 */
int vhdx_bitmap_find(struct vhdx *vhdx, uint64_t block, uint64_t *ret,
		     struct error **err) _must_check_;

/* Bytes of the block that are inside the disk. */
uint64_t vhdx_block_used(const struct vhdx *vhdx, uint64_t block);

/* vd_format_ops.extent */
int vhdx_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		struct error **err) _must_check_;

/* format/vhdx/check.c */

struct vhdx_scan {
	uint64_t end;	     /* nothing in use lies behind it */
	unsigned int errors; /* entries that contradict the format */
};

/*
 * Looks at all BAT entries: states, ranges, overlaps. findings (may be NULL)
 * get each error and the space that belongs to nothing.
 */
int vhdx_scan(struct vd_image *image, struct findings *findings, struct vhdx_scan *ret,
	      struct error **err) _must_check_;

/* vd_format_ops.check */
int vhdx_check(struct vd_image *image, struct error **err) _must_check_;

/* format/vhdx/write.c */

extern const struct vd_write_ops vhdx_write_ops;

/* format/vhdx/commit.c */

/* vd_write_ops.flush: data, then changed pages through the log. */
int vhdx_flush(struct vd_image *image, struct error **err) _must_check_;

/* Marks the log empty, if it can be. Changes that were not flushed are dropped. */
int vhdx_finish(struct vd_image *image, struct error **err) _must_check_;

#endif
