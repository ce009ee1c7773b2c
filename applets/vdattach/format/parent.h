/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other images that an image is made of, for its format: parents, extents, data files. */
#ifndef APPLETS_VDATTACH_FORMAT_PARENT_H
#define APPLETS_VDATTACH_FORMAT_PARENT_H

#include "applets/vdattach/format/format.h"

/*
 * Reads what the guest sees, parents followed. For formats that copy a block on its first write
 * see vd_parent_pread.
 */
int vd_image_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		   struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * What the guest would see without image: the parent's bytes, and zeros behind its end or without
 * one. offset and n are the guest's, inside image. For copying before the first write to a block.
 */
int vd_parent_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		    struct error **err) _must_check_ _nonnull_(1, 2);

/* The name behind "file:", qemu's way to say that it is a file, whatever it looks like. */
const char *vd_plain_name(const char *name) _nonnull_(1);

/* Adds a copy of name to ref's candidates. 0 or -ENOMEM. */
int vd_parent_ref_add(struct vd_parent_ref *ref, const char *name, struct error **err) _must_check_
	_nonnull_(1, 2);

/*
 * For parents that have an id which no other file has: unless one of ref's names leads to the right
 * file, adds the one beside image for which is_parent(id, file) holds. Files are renamed and moved;
 * the ids stay. 0, also when there is none, or -errno.
 */
int vd_parent_search(struct vd_image *image, bool (*is_parent)(const void *id, struct source *file),
		     const void *id, struct vd_parent_ref *ref, struct error **err) _must_check_
	_nonnull_(1, 2, 4);

/* Frees the names and empties ref. */
void vd_parent_ref_release(struct vd_parent_ref *ref);

#define _cleanup_parent_ref_ _cleanup_(vd_parent_ref_release)

/*
 * Opens another file of image (an extent, a data file) by the name that the image has for it.
 * Refused when the image has no resolver. Returns 0 or -errno with *err naming the file.
 */
int vd_image_open_file(struct vd_image *image, const char *name, bool read_only,
		       struct source **ret, struct error **err) _must_check_ _nonnull_(1, 2, 4);

/* As vd_image_open_file, for the i-th candidate of ref, read-only. */
int vd_parent_open(struct vd_image *image, const struct vd_parent_ref *ref, size_t i,
		   struct source **ret, struct error **err) _must_check_ _nonnull_(1, 2, 4);

#endif
