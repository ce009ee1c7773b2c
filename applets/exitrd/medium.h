/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk or partition that the running root needs, and how to know it when it comes back. */
#ifndef APPLETS_EXITRD_MEDIUM_H
#define APPLETS_EXITRD_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

struct medium {
	char name[64];	  /* sda1 */
	char serial[128]; /* of the nearest device above it that has one; "" */
	uint64_t size;	  /* sectors of 512 bytes; 0: there is no card in the reader */
	uint64_t start;	  /* of a partition */
	bool is_gone;
	int drive; /* medium_open_drive() */
};

/*
 * What sysfs says of the block device name (sys: a descriptor of /sys). 0 or -errno: -ENODEV when
 * there is none.
 */
int medium_read(int sys, const char *name, struct medium *ret);

/* Is b the same medium as a, maybe by another name? */
bool medium_is_same(const struct medium *a, const struct medium *b);

/*
 * A descriptor of the optical drive name (dev: a descriptor of /dev), the caller's to close; -1
 * when it is another device.
 */
int medium_open_drive(int dev, const char *name);

/* Is there no disc in that drive? Asks it: neither events nor sysfs tell on every kernel. */
bool drive_is_empty(int fd);

/* Does somebody have the block device at path open for good: a mount, the device mapper? */
bool medium_is_used(const char *path);

#endif
