/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a virtual disk format is to the rest of vdattach. A format file parses
 * metadata and answers one question, extent(): where do the guest's bytes
 * live? It reads and writes through struct source only and makes no system
 * call. image.c is the only caller of these operations.
 */
#ifndef APPLETS_VDATTACH_FORMAT_FORMAT_H
#define APPLETS_VDATTACH_FORMAT_FORMAT_H

#include "applets/vdattach/format/common/findings.h"
#include "applets/vdattach/source/source.h"

#define VD_SECTOR 512u

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

struct vd_image;

/* Where the parent of an image may be found. */
struct vd_parent_ref {
	char **names; /* best first, as the image has them; owned, as is each of them */
	size_t n_names;
	size_t n_found;	    /* that many, the last, are of siblings, not in the image */
	const char *format; /* to open it as, or NULL = by content; static or the format's own */
};

/*
 * Opens the other files of an image: parents, extents, data files. What it
 * refuses is policy; a name comes from the image and is not to be trusted.
 */
struct vd_resolver {
	/*
	 * name as it stands in the image whose file is from. Returns 0, -ENOENT (not there),
	 * -EPERM (outside of what the user allowed), or -errno with *err set.
	 */
	int (*open)(void *ctx, const char *name, const struct source *from, bool read_only,
		    struct source **ret, struct error **err);
	/* As open, for a name that siblings gave with the same from. NULL: open does that, too. */
	int (*open_sibling)(void *ctx, const char *name, const struct source *from, bool read_only,
			    struct source **ret, struct error **err);
	/*
	 * Calls visit(arg, name) for each regular file in the directory of from but from itself,
	 * and in what other directories the files of a chain are, in the order of strcmp for each
	 * of them. For formats that know their parent by an id alone. visit: 0 continue, 1 enough,
	 * -errno. Returns 0 or -errno. NULL: the directory cannot be listed.
	 */
	int (*siblings)(void *ctx, const struct source *from,
			int (*visit)(void *arg, const char *name), void *arg, struct error **err);
	/* The user vouches for the parents: see vd_image.guessed. */
	bool trusted;
	void *ctx;
};

struct vd_image {
	const struct vd_format_ops *format;
	const char *variant;	 /* within the format ("fixed"), or NULL; static text */
	struct source *source;	 /* the image file; owned */
	struct vd_image *parent; /* owned, or NULL */
	struct vd_image *child;	 /* the one that this is the parent of, or NULL */
	uint64_t size;		 /* what the guest sees, in bytes: a multiple of VD_SECTOR */
	uint32_t block_size;	 /* unit of allocation in bytes; 0 = not allocated in blocks */
	uint32_t sector_size;	 /* that the guest's disk has by the image; 0 = it does not say */
	bool read_only;
	/*
	 * A parent whose format neither its child nor an id tells. If it was a raw disk once, its
	 * guest may have written what it looks like now: it names no other files.
	 */
	bool guessed;
	bool named;		  /* the format was given, not found by content */
	bool written;		  /* vd_write_ops.begin was done */
	unsigned int tried;	  /* files as parents, in the whole chain; of its first image */
	struct findings findings; /* of open; check adds to them */
	const struct vd_resolver *resolver; /* for its other files; NULL = it may have none */
	void *state;			    /* the format's own */
};

#define VD_PROBE_BYTES 4096u

/* What a probe may look at. Shorter images have fewer bytes; the rest is zero. */
struct vd_probe {
	uint8_t head[VD_PROBE_BYTES];
	uint8_t tail[VD_SECTOR]; /* the last VD_SECTOR bytes of the file */
	size_t head_size, tail_size;
	uint64_t size;
};

/* How guests write. */
struct vd_write_ops {
	/*
	 * Called before the first write since open, to allocated space as well: marks the image as
	 * written to. When it fails, nothing is written and it is asked again. NULL: no such mark.
	 */
	int (*begin)(struct vd_image *, struct error **);
	/* Bytes of an extent that is not VD_EXTENT_DATA: allocates. NULL: there are none. */
	int (*pwrite)(struct vd_image *, const void *, size_t n, uint64_t offset, struct error **);
	/*
	 * Records that one block (block_size bytes at a multiple of it, fewer at the end of the
	 * disk), no byte of which is VD_EXTENT_DATA, reads as zeros. 0, -EOPNOTSUPP (nothing was
	 * done: zeros must be written), or -errno. NULL: the format has no such mark. Blocks that
	 * have a place in a file keep it whatever is discarded: their bytes there are zeroed.
	 */
	int (*zero_block)(struct vd_image *, uint64_t offset, struct error **);
	/* Makes data and metadata durable, in an order safe at any cut. NULL: flush the source. */
	int (*flush)(struct vd_image *, struct error **);
};

struct vd_format_ops {
	const char *name;
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
	const struct vd_write_ops *write; /* NULL: images are for reading alone */
	/* Looks at every structure and adds to image->findings. NULL: nothing to check. */
	int (*check)(struct vd_image *, struct error **);
	/*
	 * Says where the parent is: names the candidates in *ret, which starts empty; no names:
	 * the image has no parent. Called once, after open. NULL: no parents in this format.
	 */
	int (*parent)(struct vd_image *, struct vd_parent_ref *ret, struct error **);
	/*
	 * 0 when candidate (an opened image) is the one that this image continues, else -ESTALE
	 * with *err telling both ids; a mere doubt goes into the findings. NULL: all will do.
	 */
	int (*matches_parent)(struct vd_image *, struct vd_image *candidate, struct error **);
	/* Frees state. NULL: no state. */
	void (*close)(struct vd_image *);
};

/*
 * What many formats' open is: allocates size bytes of state, zeroed, and calls set_up, and close
 * when that fails. Returns what set_up does, or -ENOMEM.
 */
int vd_open_state(struct vd_image *image, size_t size,
		  int (*set_up)(struct vd_image *, struct error **),
		  void (*close)(struct vd_image *), struct error **err) _must_check_
	_nonnull_(1, 3, 4);

extern const struct vd_format_ops vd_format_qcow, vd_format_qcow2, vd_format_cloop, vd_format_vhdx;
extern const struct vd_format_ops vd_format_raw, vd_format_vhd, vd_format_vdi, vd_format_vmdk;

/*
 * Formats that this version knows by their magic only. Returns the name of
 * the one that the bytes show, or NULL. A raw disk cannot look like one of
 * them by chance, so such a file is never attached as raw unasked.
 */
const char *vd_foreign_probe(const struct vd_probe *probe) _nonnull_(1);

/* Whether name is one of those. */
bool vd_foreign_name(const char *name) _nonnull_(1);

#endif
