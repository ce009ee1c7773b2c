/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for a file, and a file that fills it. */
#ifndef APPLETS_OVERLAYROOT_STORE_FILE_ROOM_H
#define APPLETS_OVERLAYROOT_STORE_FILE_ROOM_H

#include <stdbool.h>

#include "common/error.h"

struct room {
	uint64_t room;	/* free bytes */
	uint64_t limit; /* of one file; FAT's is 4 GiB - 1, here in whole MiB */
	bool fat;
};

/* Of the file system that path is, or will be, on. 0 or -errno. */
int room_look(const char *path, struct room *ret, struct error **err) _must_check_;

/* The same, of an open file. */
int room_of(int fd, struct room *ret);

/*
 * The file has size bytes that read as zeros from offset on and are really there: a hole that
 * cannot be filled later would be an I/O error of the root. On FAT the kernel fills up by itself,
 * silently: here it is done aloud. 0 or -errno.
 */
int file_extend(int fd, uint64_t offset, uint64_t size, bool fat);

/* Puts the directory that has path on the disk. 0 or -errno. */
int sync_parent(const char *path, struct error **err) _must_check_;

#endif
