/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lower layer: a directory, an image file, or a block device, mounted read-only. */
#ifndef APPLETS_OVERLAYROOT_LOWER_LOWER_H
#define APPLETS_OVERLAYROOT_LOWER_LOWER_H

#include "applets/lib/fsprobe.h"
#include "applets/overlayroot/stack.h"

enum lower_kind { LOWER_DIR, LOWER_IMAGE, LOWER_DEVICE };

struct lower {
	const char *path; /* the caller's */
	enum lower_kind kind;
	struct fs_info fs; /* of images and devices */
	char id[384];	   /* what tells this content from another: type, UUID or hash, size; of a
			      directory see lower/directory-id.h */
	char *mountpoint;  /* owned; NULL before lower_mount */
};

/* Finds out what path is. Reads, changes nothing. 0 or -errno. */
int lower_inspect(const char *path, struct lower *ret, struct error **err) _must_check_;

/*
 * Mounts it at RUN/lowerN. An image or a read-only device whose journal was not replayed is mounted
 * without, with a warning: what it was made from was not unmounted. 0 or -errno.
 */
int lower_mount(struct lower *lower, struct stack *stack, const char *run, unsigned int n,
		struct error **err) _must_check_;

void lower_release(struct lower *lower);

#endif
