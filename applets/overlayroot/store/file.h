/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ext4 in a file, for hosts that cannot hold an upper themselves (FAT, exFAT, NTFS, network). */
#ifndef APPLETS_OVERLAYROOT_STORE_FILE_H
#define APPLETS_OVERLAYROOT_STORE_FILE_H

#include "applets/overlayroot/spec.h"
#include "applets/overlayroot/stack.h"

struct store_file {
	const char *path;
	struct size_spec size;
	uint64_t file_limit; /* bytes in one file at most; 0: what the file system says */
};

/*
 * Mounts the file at target: made when it is absent or empty (size: of the file, percent of the
 * free room; not given: 1 GiB or what fits; 10 % of the room stay free), grown when size is more
 * than it has, or, when none is given, less than an eighth of it is free. What one file cannot hold
 * is in several, see store/parts.h. A file with something else inside is refused, never formatted.
 * 0 or -errno.
 */
int store_file_mount(const struct store_file *file, struct stack *stack, const char *target,
		     struct error **err) _must_check_;

/*
 * The size in bytes for a new file, a multiple of 1 MiB. room: free bytes; limit: what the file
 * system allows in one file. -ENOSPC when that is less than what was asked for or than 16 MiB.
 */
int store_file_size(const struct size_spec *size, uint64_t room, uint64_t limit, uint64_t *ret,
		    struct error **err) _must_check_;

#endif
