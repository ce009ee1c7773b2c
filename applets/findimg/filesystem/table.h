/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What findimg knows of each thing that libblkid recognises: how to look at it without changing it.
 */
#ifndef APPLETS_FINDIMG_FILESYSTEM_TABLE_H
#define APPLETS_FINDIMG_FILESYSTEM_TABLE_H

#include <stdbool.h>

struct fs_type {
	const char *type;	/* libblkid's name */
	const char *drivers[3]; /* names for mount(2), best first; NULL ends the list */
	const char *look; /* mount data that, with MS_RDONLY, keeps the journal from being replayed;
			     or NULL */
	/*
	 * The driver's read-only mount is known to write nothing. Others are looked at through a
	 * read-only loop device, which fails every write: BLKROSET alone only makes the kernel warn
	 * of one (block/blk-core.c, bio_check_ro()).
	 */
	bool proven;
};

/* How to mount type, or NULL when it is no file system that findimg can look into. */
const struct fs_type *fs_type_find(const char *type);

/* The mount data with which that driver may mount for writing, or NULL. */
const char *fs_driver_write_data(const char *driver);

/* Why type (not "") cannot hold a path: "swap", "encrypted (LUKS)", ... NULL for a file system. */
const char *fs_type_refusal(const char *type);

#endif
