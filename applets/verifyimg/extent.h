/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a file system ends: behind it a hash tree may have been appended. */
#ifndef APPLETS_VERIFYIMG_EXTENT_H
#define APPLETS_VERIFYIMG_EXTENT_H

#include "common/macro.h"

/* Room of the headers that are looked at. */
#define EXTENT_HEAD 2048u

/*
 * The bytes that the squashfs, erofs or ext4 beginning with head takes; 0: none of these. What head
 * says is not checked against anything.
 */
uint64_t file_system_extent(const uint8_t head[EXTENT_HEAD]) _nonnull_(1);

#endif
