/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the changes go. */
#ifndef APPLETS_OVERLAYROOT_STORE_UPPER_H
#define APPLETS_OVERLAYROOT_STORE_UPPER_H

#include "applets/overlayroot/spec.h"
#include "applets/overlayroot/stack.h"

struct upper {
	char *base;    /* directory that holds upper/, work/ and lower.id; below RUN/upper */
	char *what;    /* what it came to be: "ram:50%", "dir:/path", "file:/path/upper.img",
			  "device:/dev/x" */
	char type[32]; /* file system of base */
	bool persistent;
};

struct upper_config {
	const char *run;
	uint64_t file_limit; /* of one file, 0: what the file system says */
	bool format;	     /* a device with nothing on it may be formatted */
};

/*
 * Brings the store up at RUN/upper, by mounts and loop devices on stack. A directory that cannot
 * hold an upper gets a file instead, with a message. *ret is released with upper_release. 0 or
 * -errno.
 */
int upper_open(const struct upper_spec *spec, const struct upper_config *config,
	       struct stack *stack, struct upper *ret, struct error **err) _must_check_;

/*
 * Makes upper/ and work/ when they are new; upper/ gets owner, mode, times and attributes of the
 * directory model, because they become those of the merged root. 0 or -errno.
 */
int upper_make_dirs(const struct upper *upper, const char *model, struct error **err) _must_check_;

/* Warns when less than 10 %, or 64 MiB of a store more than half full, are left. */
void upper_warn_space(const struct upper *upper);

void upper_release(struct upper *upper);

#endif
