/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's view of partitions: device nodes such as /dev/loop0p1. */
#ifndef APPLETS_VDATTACH_EXPORT_PARTNODE_H
#define APPLETS_VDATTACH_EXPORT_PARTNODE_H

#include "applets/vdattach/partition/partition.h"

/*
 * Makes sure that the kernel has partition p of disk ("/dev/loop0", attached
 * with partition scanning) where p says, and that its node exists. The kernel
 * scans before LOOP_CONFIGURE returns and devtmpfs makes nodes at once, so
 * there is nothing to wait for. A partition that the kernel did not find
 * (no partition support, a damaged primary GPT) is added by BLKPG.
 * *ret is the node's path, the caller's to free. Returns 0, -EUCLEAN when the
 * kernel has something else under that number, or -errno; *err says what.
 */
int partnode_ensure(const char *disk, const struct partition *p, char **ret,
		    struct error **err) _must_check_ _nonnull_(1, 2, 3);

#endif
