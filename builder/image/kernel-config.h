/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The build configuration of a kernel. */
#ifndef BUILDER_KERNEL_CONFIG_H
#define BUILDER_KERNEL_CONFIG_H

#include "common/error.h"

/*
 * The configuration kept inside a kernel image (CONFIG_IKCONFIG), as text owned by the caller; of
 * an x86 bzImage, a vmlinux or a compressed vmlinux. -ENOENT: it has none. Sources:
 * scripts/extract-ikconfig, Documentation/arch/x86/boot.rst.
 */
int kernel_image_config(const char *path, char **ret, struct error **err);

/* The text of config-KVER beside the kernel image, or NULL. */
char *kernel_image_config_beside(const char *image, const char *kver);

#endif
