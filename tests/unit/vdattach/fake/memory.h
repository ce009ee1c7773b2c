/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes in memory as the file of an image. */
#ifndef TESTS_UNIT_VDATTACH_FAKE_MEMORY_H
#define TESTS_UNIT_VDATTACH_FAKE_MEMORY_H

#include "applets/vdattach/image/image.h"

/*
 * size bytes at data as a source; nothing is copied, data stays the caller's.
 * read_only is false. Returns 0 or -ENOMEM.
 */
int source_memory(void *data, size_t size, struct source **ret);

/* Opens an image of one file. format: a name to force, or NULL. As vd_image_open_how. */
int open_format(struct source *source, const char *format, struct vd_image **ret,
		struct error **err);

#endif
