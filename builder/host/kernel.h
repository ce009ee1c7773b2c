/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel image tells of itself. */
#ifndef BUILDER_HOST_KERNEL_H
#define BUILDER_HOST_KERNEL_H

#include "common/error.h"

/*
 * The release ("6.1.0-44-amd64") that the kernel image at path was built as; owned by the caller.
 * -EINVAL: no kernel. Source: of an x86 bzImage Documentation/arch/x86/boot.rst, fields header and
 * kernel_version of the setup header; of all others the banner inside.
 */
int kernel_image_version(const char *path, char **ret, struct error **err) _must_check_;

#endif
