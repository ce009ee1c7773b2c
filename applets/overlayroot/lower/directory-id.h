/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells one directory from another, at this boot and the next. */
#ifndef APPLETS_OVERLAYROOT_LOWER_DIRECTORY_ID_H
#define APPLETS_OVERLAYROOT_LOWER_DIRECTORY_ID_H

#include <stddef.h>

#include "common/error.h"

/*
 * Writes "TYPE UUID INODE" to ret: of the file system (a hash of its first 4 KiB or its source,
 * where it has no UUID), and of the directory in it, as the kernel's file handle has it. The
 * directory may be renamed; another one in its place is another. Where inodes have new numbers at
 * each mount (FAT, FUSE, 9p..) the path within the file system stands for it. 0 or -errno.
 */
int directory_id(const char *path, char *ret, size_t size, struct error **err) _must_check_;

#endif
