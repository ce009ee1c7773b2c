/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk or partition that the running root needs, and how to know it when it comes back. */
#ifndef APPLETS_EXITRD_MEDIUM_H
#define APPLETS_EXITRD_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

struct medium {
	char name[64];	  /* sda1 */
	char serial[128]; /* of the nearest device above it that has one; "" */
	uint64_t size;	  /* sectors of 512 bytes; 0: there is no disc in the drive */
	uint64_t start;	  /* of a partition */
	bool is_gone;
};

/*
 * What sysfs says of the block device name (sys: a descriptor of /sys). 0 or -errno: -ENODEV when
 * there is none.
 */
int medium_read(int sys, const char *name, struct medium *ret);

/* Is b the same medium as a, maybe by another name? */
bool medium_is_same(const struct medium *a, const struct medium *b);

/* Does somebody have the block device at path open for good: a mount, the device mapper? */
bool medium_is_used(const char *path);

#endif
