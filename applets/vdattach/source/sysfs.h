/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /sys/class/block says of block devices. Names are kernel names: "loop0", "loop0p1". */
#ifndef APPLETS_VDATTACH_SOURCE_SYSFS_H
#define APPLETS_VDATTACH_SOURCE_SYSFS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/macro.h"

/* Reads one attribute, without its newline, cut to size. 0 or -errno. */
int sysfs_read(const char *name, const char *attribute, char *ret, size_t size) _must_check_;

/* Reads one decimal attribute. 0, -errno, or -EINVAL when it is no number. */
int sysfs_read_u64(const char *name, const char *attribute, uint64_t *ret) _must_check_;

/* Reads "MAJOR:MINOR" at the beginning of text. 0 or -EINVAL. */
int parse_devnum(const char *text, dev_t *ret) _must_check_ _nonnull_(1, 2);

/*
 * The whole disk of a partition ("loop0p1" -> "loop0"); a whole disk is its
 * own. *ret is the caller's to free. 0, -ENODEV for no block device, -errno.
 */
int sysfs_whole_disk(const char *name, char **ret) _must_check_;

struct loop_info {
	char name[32];
	char *backing_file;
	uint64_t offset, size_limit; /* bytes; limit 0 = to the end of the file */
	uint64_t size;		     /* bytes of the device */
	bool read_only;
};

/*
 * The loop devices that are attached, by number. *ret (and each backing_file)
 * is the caller's: loop_infos_free. 0 or -errno.
 */
int sysfs_loops(struct loop_info **ret, size_t *ret_n, struct error **err) _must_check_;

/* NULL-safe. */
void loop_infos_free(struct loop_info *infos, size_t n);

#endif
