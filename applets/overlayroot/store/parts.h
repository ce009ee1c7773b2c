/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store file that is larger than its file system lets one file be: PATH, PATH.1, PATH.2, ... one
 * after the other, joined by the kernel's device-mapper (dm-linear). A part follows only where the
 * one before is full.
 */
#ifndef APPLETS_OVERLAYROOT_STORE_PARTS_H
#define APPLETS_OVERLAYROOT_STORE_PARTS_H

#include "applets/overlayroot/stack.h"
#include "applets/overlayroot/store/file-room.h"

#define MAX_PARTS 16

struct store_parts {
	const char *path; /* the caller's */
	const char
		*first; /* name of the first part: path, or another while the store is being made */
	unsigned int count;
	uint64_t sizes[MAX_PARTS]; /* bytes, whole sectors */
	uint64_t total;
};

/* The parts that are there; path alone must be. 0 or -errno. */
int parts_look(const char *path, struct store_parts *ret, struct error **err) _must_check_;

/* What can be joined here: MAX_PARTS files if the kernel has a device-mapper, else one. */
uint64_t parts_limit(uint64_t file_limit);

/* Fills up to want bytes in all: the last part, then new ones, which replace what has their name. 0
 * or -errno. */
int parts_extend(struct store_parts *parts, uint64_t want, const struct room *room,
		 struct error **err) _must_check_;

/*
 * A device of all: the loop devices are on stack. *ret_device is the caller's to free. mapped, of
 * 32 bytes, is the name of the mapped device, "" when there is none: release it with parts_release.
 * 0 or -errno.
 */
int parts_attach(const struct store_parts *parts, struct stack *stack, char **ret_device,
		 char *mapped, struct error **err) _must_check_;

/* Takes the mapped device away as soon as it is not mounted any more. */
void parts_release(const char *mapped);

#endif
