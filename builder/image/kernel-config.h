/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies in a kernel image: its configuration, and the version in its banner. */
#ifndef BUILDER_IMAGE_KERNEL_CONFIG_H
#define BUILDER_IMAGE_KERNEL_CONFIG_H

#include "common/error.h"

/*
 * The configuration kept inside a kernel image (CONFIG_IKCONFIG), as text owned by the caller; of
 * an x86 bzImage, an EFI zboot image, a vmlinux or arm64 Image, compressed or not. -ENOENT: it has
 * none. Sources: scripts/extract-ikconfig, Documentation/arch/x86/boot.rst,
 * drivers/firmware/efi/libstub/zboot-header.S.
 */
int kernel_image_config(const char *path, char **ret, struct error **err) _must_check_;

/* Of the same images the release that they were built as ("6.1.0-44-arm64"), owned by the caller.
 * -ENOENT: none. */
int kernel_image_banner(const char *path, char **ret, struct error **err) _must_check_;

/* The text of config-KVER beside the kernel image, or NULL. */
char *kernel_image_config_beside(const char *image, const char *kver);

#endif
