/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The build configuration of a kernel. */
#ifndef BUILDER_KERNEL_CONFIG_H
#define BUILDER_KERNEL_CONFIG_H

#include "common/error.h"

/*
 * The configuration kept inside a kernel image (CONFIG_IKCONFIG), as text owned by the caller; of an x86 bzImage, a vmlinux or
 * a compressed vmlinux. -ENOENT: it has none. Sources: scripts/extract-ikconfig, Documentation/arch/x86/boot.rst.
 */
int kernel_image_config(const char *path, char **ret, struct error **err);

/* The text of SYSROOT/boot/config-KVER, SYSROOT/lib/modules/KVER/config or config-KVER beside the kernel image (may be NULL), or NULL. */
char *kernel_config_text(const char *sysroot, const char *kver, const char *image);

#endif
