/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a file is, by its content, and whether it can be the root of a boot. */
#ifndef BUILDER_IDENTIFY_IDENTIFY_H
#define BUILDER_IDENTIFY_IDENTIFY_H

#include <stdint.h>

#include "common/error.h"

/* How a root is used: mkvinitrd.profile(5), `root`. */
enum root_mode { ROOT_OVERLAY = 1, ROOT_TMPFS = 2, ROOT_LOOP = 4 };

/* Static texts are NULL, others "" where there is nothing to tell. */
struct root_facts {
	const char *kind;	 /* "squashfs" "ext4" "cloop" "tar" "cpio" "disk"..; static */
	const char *compression; /* of an archive or squashfs: "zstd"..; static */
	const char *format;	 /* of a disk or a writable file system: "raw" "vhd"..; static */
	enum root_mode mode;	 /* that it is made for */
	unsigned int modes;	 /* those that take it */
	uint64_t size;		 /* of the file, in bytes */
	uint64_t virtual_size;	 /* of the device that it becomes, in bytes; 0: an archive */
	char label[256];
	char uuid[64];
};

/*
 * Tells what the file or block device at path is. Reads it only, and of an archive no more than
 * its first members. 0; -EINVAL when it cannot be a root: *err says what it is and what is
 * expected; other -errno when it cannot be read.
 */
int identify_root(const char *path, struct root_facts *ret, struct error **err) _must_check_;

/*
 * 0 when facts are of a root that mode takes, else -EINVAL with both in *err.
 */
int identify_check_mode(const char *path, const struct root_facts *facts, enum root_mode mode,
			struct error **err) _must_check_;

/* "overlay", "tmpfs" or "loop". */
const char *root_mode_name(enum root_mode mode);

/* *ret is the mode of that name: 0, or -EINVAL, without a message. */
int root_mode_parse(const char *name, enum root_mode *ret) _must_check_;

#endif
