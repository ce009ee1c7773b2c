/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual disk format is to the rest of vdattach. A format file parses
 * metadata and answers one question, extent(): where do the guest's bytes
 * live? It reads and writes through struct source only and makes no system
 * call. image.c is the only caller of these operations.
 */
#ifndef VDATTACH_FORMAT_H
#define VDATTACH_FORMAT_H

#include "applets/vdattach/findings.h"
#include "applets/vdattach/source.h"

#define VD_SECTOR 512u

enum vd_format_caps {
	VD_CAP_WRITE = 1 << 0,	/* guests may write */
	VD_CAP_PARENT = 1 << 1, /* images may continue another image */
	VD_CAP_SPLIT = 1 << 2,	/* one image may be several files */
};

enum vd_extent_kind {
	VD_EXTENT_DATA,	   /* at host_offset of source, byte for byte */
	VD_EXTENT_ZERO,	   /* reads as zeros, nothing is allocated */
	VD_EXTENT_PARENT,  /* whatever the parent has at the same guest offset */
	VD_EXTENT_ENCODED, /* compressed or the like: only the format's own pread can tell */
};

struct vd_extent {
	enum vd_extent_kind kind;
	uint64_t length;       /* bytes from the guest offset asked for, never 0 */
	uint64_t host_offset;  /* VD_EXTENT_DATA only */
	struct source *source; /* VD_EXTENT_DATA only: the file that holds it */
};

struct vd_image {
	const struct vd_format_ops *format;
	const char *variant;	 /* within the format ("fixed"), or NULL; static text */
	struct source *source;	 /* the image file; owned */
	struct vd_image *parent; /* owned, or NULL */
	uint64_t size;		 /* what the guest sees, in bytes: a multiple of VD_SECTOR */
	uint32_t block_size;	 /* unit of allocation in bytes; 0 = not allocated in blocks */
	bool read_only;
	struct findings findings; /* of open; check adds to them */
	void *state;		  /* the format's own */
};

#define VD_PROBE_BYTES 4096u

/* What a probe may look at. Shorter images have fewer bytes; the rest is zero. */
struct vd_probe {
	uint8_t head[VD_PROBE_BYTES];
	uint8_t tail[VD_SECTOR]; /* the last VD_SECTOR bytes of the file */
	size_t head_size, tail_size;
	uint64_t size;
};

struct vd_format_ops {
	const char *name;
	unsigned int caps; /* enum vd_format_caps */
	/* 0 not this format .. 100 sure. Highest wins. */
	int (*probe)(const struct vd_probe *);
	/*
	 * Reads metadata and sets size, variant, block_size, state. image->read_only
	 * is what the caller wants; open may refuse to write (-EROFS) or lower it to true.
	 */
	int (*open)(struct vd_image *, struct error **);
	/* Where the bytes from offset are. offset < size. length may overshoot size. */
	int (*extent)(struct vd_image *, uint64_t offset, struct vd_extent *ret, struct error **);
	/* Bytes inside one VD_EXTENT_ENCODED. NULL: the format has none. */
	int (*pread)(struct vd_image *, void *, size_t n, uint64_t offset, struct error **);
	/* Bytes of an extent that is not VD_EXTENT_DATA: allocates. NULL: there are none. */
	int (*pwrite)(struct vd_image *, const void *, size_t n, uint64_t offset, struct error **);
	/* Makes data and metadata durable, in an order safe at any cut. NULL: flush the source. */
	int (*flush)(struct vd_image *, struct error **);
	/* Looks at every structure and adds to image->findings. NULL: nothing to check. */
	int (*check)(struct vd_image *, struct error **);
	/* Frees state. NULL: no state. */
	void (*close)(struct vd_image *);
};

extern const struct vd_format_ops vd_format_raw, vd_format_vhd;

/*
 * Formats that this version knows by their magic only. Returns the name of
 * the one that the bytes show, or NULL. A raw disk cannot look like one of
 * them by chance, so such a file is never attached as raw unasked.
 */
const char *vd_foreign_probe(const struct vd_probe *probe) _nonnull_(1);

/* Whether name is one of those. */
bool vd_foreign_name(const char *name) _nonnull_(1);

#endif
