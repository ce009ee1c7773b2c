/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies in a kernel image: its configuration, and the version in its banner. */
#ifndef BUILDER_IMAGE_KERNEL_CONFIG_H
#define BUILDER_IMAGE_KERNEL_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Whether these bytes start as a kernel image does: bzImage, Image, EFI zboot, vmlinux. */
bool kernel_image_detect(const uint8_t *data, size_t len);

/*
 * The kernel in an image, decompressed; of a unified kernel image that in its section .linux. *ret
 * points into the image or into *ret_owned, which the caller frees. -EBADMSG and what decoders
 * return.
 */
int kernel_image_unpack(const uint8_t *image, size_t image_len, char **ret_owned,
			const uint8_t **ret, size_t *ret_len, struct error **err) _must_check_;

/*
 * The configuration kept inside a kernel image (CONFIG_IKCONFIG), as text owned by the caller; of
 * an x86 bzImage, an EFI zboot image, a vmlinux or arm64 Image, compressed or not, or a unified
 * kernel image with one of them. -ENOENT: it has none. Sources: scripts/extract-ikconfig,
 * Documentation/arch/x86/boot.rst, drivers/firmware/efi/libstub/zboot-header.S.
 */
int kernel_image_config(const char *path, char **ret, struct error **err) _must_check_;

/* Of the same images the release that they were built as ("6.1.0-44-arm64"), owned by the caller.
 * -ENOENT: none. */
int kernel_image_banner(const char *path, char **ret, struct error **err) _must_check_;

/* The text of config-KVER beside the kernel image, or NULL. */
char *kernel_image_config_beside(const char *image, const char *kver);

#endif
