/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images: chooses the format, checks every access once, then asks the format. */
#ifndef APPLETS_VDATTACH_IMAGE_IMAGE_H
#define APPLETS_VDATTACH_IMAGE_IMAGE_H

#include "applets/vdattach/format/format.h"
#include "applets/vdattach/format/parent.h"

/* How to open an image; all zero: by its content and without other files. */
struct vd_open_how {
	const char *format; /* a name to force ("raw", "vhd", and qemu's "vpc" for it), or NULL */
	const struct vd_resolver
		*resolver; /* must outlive the image; NULL = other files are refused */
	/*
	 * The image to continue, whatever name the image has for it; its id must match all the
	 * same. The new image owns it on success; on failure it stays the caller's.
	 */
	struct vd_image *parent;
	struct vd_image *child; /* chain.c: who asks for this parent, or NULL */
	bool guessed;		/* chain.c: see vd_image */
};

/*
 * The format that the bytes of source show, without opening it: *ret, of which raw means that no
 * other was recognised. *ret_foreign is the name of a format that is known by its magic only (see
 * vd_foreign_probe), else NULL. 0 or -errno when source cannot be read.
 */
int vd_image_probe(struct source *source, const struct vd_format_ops **ret,
		   const char **ret_foreign, struct error **err) _must_check_ _nonnull_(1, 2, 3);

/*
 * Opens the image in source. It is as writable as the source, or less if its format says so; its
 * parents and extents are found by how->resolver, so a whole chain is opened. On success the image
 * owns source; on failure it stays the caller's. Returns 0 or -errno with *err set: -EPERM for
 * content that a guest may have written to a raw disk, -EOPNOTSUPP for a format that is known but
 * not supported, -EINVAL for a damaged image or an unknown name, -EROFS for one that may only be
 * read, -ENOENT names a parent that is missing, -ESTALE one that is another image, -ELOOP a cycle
 * or a chain of more than VD_CHAIN_MAX images.
 */
int vd_image_open_how(struct source *source, const struct vd_open_how *how, struct vd_image **ret,
		      struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* Closes *image with its source and parents, sets it to NULL. NULL-safe. Does not flush. */
void vd_image_close(struct vd_image **image);

#define _cleanup_image_ _cleanup_(vd_image_close)

/* Where the guest's bytes from offset are, clipped to the end of the disk. -ERANGE beyond it. */
int vd_image_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		    struct error **err) _must_check_ _nonnull_(1, 3);

/* One line of a map, as `qemu-img map` has them. */
struct vd_map_entry {
	uint64_t length;
	unsigned int depth; /* 0 = this image, 1 = its parent, .. */
	bool present;	    /* some image of the chain says something here */
	bool zero;	    /* reads as zeros */
	bool data;	    /* takes space in a file */
	bool offset_valid;  /* at offset of file, byte for byte */
	uint64_t offset;
	const struct source *file;
};

/* The extent at offset followed through parents and the holes of the file. */
int vd_image_map(struct vd_image *image, uint64_t offset, struct vd_map_entry *ret,
		 struct error **err) _must_check_ _nonnull_(1, 3);

/*
 * Marks the image as written to. Writing through vd_image_view does it by itself; for those who
 * write to its extents directly. 0 or -errno.
 */
int vd_image_begin_write(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/*
 * True when the whole disk is one run in one file, so that the kernel can do
 * the I/O itself. *ret is that run.
 */
bool vd_image_is_linear(struct vd_image *image, struct vd_extent *ret) _nonnull_(1, 2);

/* Makes all that was written durable, in the order that the format needs. */
int vd_image_flush(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

/* Writes what the guest will see; allocates where needed. The range is inside the disk. */
int vd_image_pwrite(struct vd_image *image, const void *buf, size_t n, uint64_t offset,
		    struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * The guest needs the n bytes at offset no more, and reads them as before or as zeros; zero: as
 * zeros. Their space in the file is given back (but for zero, where that would be at the cost of
 * writing there again); no block loses its place, so maps of the image stay right.
 */
int vd_image_discard(struct vd_image *image, uint64_t n, uint64_t offset, bool zero,
		     struct error **err) _must_check_ _nonnull_(1);

/*
 * The guest's view of the image as a source: what partition parsers, cat and
 * serve read and write. image stays the caller's and must outlive it.
 */
int vd_image_view(struct vd_image *image, struct source **ret, struct error **err) _must_check_
	_nonnull_(1, 2);

/*
 * Runs the check of each format in the chain; findings are in each image's findings. 0, or -errno
 * when it could not finish.
 */
int vd_image_check(struct vd_image *image, struct error **err) _must_check_ _nonnull_(1);

#endif
