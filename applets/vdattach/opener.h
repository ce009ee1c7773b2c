/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens the files that an image names: parents, extents, data files. The names
 * come from the image, which may come from a stranger, so only regular files
 * below one folder are opened, by path alone: no URLs, devices, /proc.
 */
#ifndef VDATTACH_OPENER_H
#define VDATTACH_OPENER_H

#include "applets/vdattach/format.h"

struct file_opener {
	struct vd_opener opener; /* give the address of this to vd_image_open_how */
	char *root;		 /* canonical; owned */
	int root_fd;
	bool lock;     /* what is opened is locked, see source_file_lock */
	char **opened; /* the paths of the files that were opened; owned */
	size_t n_opened;
	struct vault *vault; /* for files that are opened for writing, or NULL; not owned */
};

/*
 * For the files of the image at path. root: the folder below which they may
 * lie; NULL = the one that the image is in. An absolute name counts from the
 * root of the file system if that leads below the folder, else from the
 * folder, as a name from another machine does on a partition mounted there.
 * Windows names lose drive and server. Returns 0 or -errno.
 */
int file_opener_init(struct file_opener *opener, const char *path, const char *root,
		     struct error **err) _must_check_ _nonnull_(1, 2);

/* Frees what opener owns. Images opened with it keep their files. All zero is fine. */
void file_opener_release(struct file_opener *opener);

#endif
