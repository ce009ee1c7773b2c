/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an initramfs may be: in a file of its own, in a unified kernel image, in a kernel. */
#ifndef BUILDER_IMAGE_SOURCE_H
#define BUILDER_IMAGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct image_source {
	const uint8_t *data; /* the initramfs */
	size_t len;
	bool in_kernel;	    /* the file holds the kernel too: a unified kernel image, or a kernel */
	const uint8_t *map; /* the file */
	size_t map_len;
	char *unpacked; /* the kernel, when the initramfs is inside of it */
};

/*
 * Opens the initramfs in the file at path: the section .initrd of an EFI program, what is built
 * into a kernel (CONFIG_INITRAMFS_SOURCE; others have one with three members), else the file
 * itself. -ENOENT: an EFI program or a kernel that has none. Sources: the UAPI group's "Unified
 * Kernel Image"; INIT_RAM_FS in include/asm-generic/vmlinux.lds.h.
 */
int image_source_open(const char *path, struct image_source *ret, struct error **err) _must_check_;
void image_source_close(struct image_source *source);

#endif
