/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ext4 in a file, for hosts that cannot hold an upper themselves (FAT, exFAT, NTFS, network). */
#ifndef APPLETS_OVERLAYROOT_STORE_FILE_H
#define APPLETS_OVERLAYROOT_STORE_FILE_H

#include "applets/overlayroot/spec.h"
#include "applets/overlayroot/stack.h"

/*
 * Mounts the file at target: made when it is absent or empty (size: of the file, percent of the
 * free room; not given: 1 GiB or what fits; 10 % of the room stay free), grown when size is more
 * than it has. A file with something else inside is refused, never formatted. 0 or -errno.
 */
int store_file_mount(const char *path, const struct size_spec *size, struct stack *stack,
		     const char *target, struct error **err);

/*
 * The size in bytes for a new file, a multiple of 1 MiB. room: free bytes; limit: what the file
 * system allows in one file. -ENOSPC when that is less than what was asked for or than 16 MiB.
 */
int store_file_size(const struct size_spec *size, uint64_t room, uint64_t limit, uint64_t *ret,
		    struct error **err);

#endif
