/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens the files that an image names: parents, extents, data files. The names
 * come from the image, which is not trusted, so only regular files
 * below one directory are opened, by path alone: no URLs, devices, /proc.
 */
#ifndef APPLETS_VDATTACH_IMAGE_OPEN_H
#define APPLETS_VDATTACH_IMAGE_OPEN_H

#include "applets/vdattach/format/format.h"

/* A directory below which files are opened. */
struct resolver_root {
	char *path; /* canonical; owned; NULL = there is none */
	int fd;
};

struct file_resolver {
	struct vd_resolver resolver; /* give the address of this to vd_image_open_how */
	struct resolver_root root;
	struct resolver_root
		above; /* of a directory "Snapshots": only for siblings and their files */
	bool lock;     /* what is opened is locked, see source_file_lock */
	char **opened; /* the paths of the files that were opened; owned */
	size_t n_opened;
	struct recovery *recovery; /* for files that are opened for writing, or NULL; not owned */
};

/*
 * For the files of the image at path. root: the directory below which they may
 * lie; NULL = the one that the image is in. An absolute name counts from the
 * root of the file system if that leads below the directory, else from the
 * directory, as a name from another machine does on a partition mounted there.
 * Windows names lose drive and server. Returns 0 or -errno.
 *
 * Siblings are the files in the directory of an image, in the directory "Snapshots" there, and,
 * where its directory is called so, in the one above it, as VirtualBox has them.
 */
int file_resolver_init(struct file_resolver *resolver, const char *path, const char *root,
		       struct error **err) _must_check_ _nonnull_(1, 2);

/* Frees what resolver owns. Images opened with it keep their files. All zero is fine. */
void file_resolver_release(struct file_resolver *resolver);

#endif
