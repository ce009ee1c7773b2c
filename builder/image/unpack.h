/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes members below a directory as the kernel does below its root: later members win, hard links
 * are made. Nothing outside the directory is touched, whatever names and symlinks the members
 * bring: openat2(2) with RESOLVE_IN_ROOT (Linux 5.6).
 */
#ifndef BUILDER_IMAGE_UNPACK_H
#define BUILDER_IMAGE_UNPACK_H

#include "builder/image/image.h"

struct unpack;

/* Makes the directory when it is missing. -ENOSYS: no openat2. */
int unpack_open(const char *directory, struct unpack **ret, struct error **err) _must_check_;

/*
 * Makes one member. Owner and group are set only as root; a device node needs root (-EPERM). A
 * member whose parent directory is missing is an error as in the kernel (-ENOENT), a path that ends
 * in ".." too (-EINVAL).
 */
int unpack_member(struct unpack *u, const struct image_entry *entry,
		  struct error **err) _must_check_;

/* Sets what had to wait until the content was there: modes and times of directories. */
int unpack_finish(struct unpack *u, struct error **err) _must_check_;

void unpack_close(struct unpack *u);

#endif
