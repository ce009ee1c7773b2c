// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/export/partnode.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/blkpg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/source/sysfs.h"

/* sysfs counts in 512 bytes, whatever the disk's sectors are */
#define SYSFS_SECTOR 512u

#define EXTENDED_NODE 1024u

/* 0 and what the kernel has, -ENOENT when it has no such partition. */
static int kernel_range(const char *name, uint64_t *ret_start, uint64_t *ret_length)
{
	int r = sysfs_read_u64(name, "start", ret_start);

	if (r == 0)
		r = sysfs_read_u64(name, "size", ret_length);
	if (r == 0) {
		*ret_start *= SYSFS_SECTOR;
		*ret_length *= SYSFS_SECTOR;
	}
	return r;
}

static int partnode_compare(const char *node, const struct partition *p, uint64_t start,
			    uint64_t length, struct error **err)
{
	/* of an extended partition the kernel shows the first sectors only */
	if (start == p->start && (length == p->length || p->extended))
		return 0;
	return error_make(err, EUCLEAN,
			  "%s: the kernel has %" PRIu64 " bytes at %" PRIu64
			  ", the partition table says %" PRIu64 " bytes at %" PRIu64,
			  node, length, start, p->length, p->start);
}

/*
 * Like the kernel's own parser, gives of an extended partition the first two
 * sectors only, or there would be no room for the logical ones.
 */
static uint64_t node_length(const struct partition *p)
{
	return p->extended ? MIN(p->length, (uint64_t)EXTENDED_NODE) : p->length;
}

static int add_partition(const char *disk, const struct partition *p, struct error **err)
{
	struct blkpg_partition part = {
		.start = (long long)p->start,
		.length = (long long)node_length(p),
		.pno = (int)p->number,
	};
	struct blkpg_ioctl_arg arg = {
		.op = BLKPG_ADD_PARTITION,
		.datalen = sizeof(part),
		.data = &part,
	};
	_cleanup_close_ int fd = open(disk, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, BLKPG, &arg) < 0)
		return error_sys(err, errno, "%s: cannot add partition %u", disk, p->number);
	return 0;
}

/* Without devtmpfs and udev the node has to be made from sysfs. */
static int ensure_node(const char *name, const char *node, struct error **err)
{
	char text[32];
	dev_t number;
	int r;

	if (access(node, F_OK) == 0)
		return 0;
	r = sysfs_read(name, "dev", text, sizeof(text));
	if (r < 0)
		return error_sys(err, r, "%s: no device number in sysfs", node);
	if (parse_devnum(text, &number) < 0)
		return error_make(err, EINVAL, "%s: device number '%s' in sysfs", node, text);
	if (mknod(node, S_IFBLK | 0600, number) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make '%s'", node);
	return 0;
}

int partnode_ensure(const char *disk, const struct partition *p, char **ret, struct error **err)
{
	_cleanup_free_ char *node = NULL;
	uint64_t start = 0, length = 0;
	const char *name = strrchr(disk, '/') + 1;
	int r;

	/* mapped devices have none of the kernel's */
	if (strncmp(name, "dm-", 3) == 0)
		return dm_disk_add_partition(name, p, ret, err);
	/* loop0 -> loop0p1: a number behind a digit gets a 'p' */
	if (asprintf(&node, "%sp%u", disk, p->number) < 0) {
		node = NULL;
		return error_sys(err, ENOMEM, "%s", disk);
	}
	name = strrchr(node, '/') + 1;
	r = kernel_range(name, &start, &length);
	if (r < 0) {
		r = add_partition(disk, p, err);
		if (r < 0)
			return r;
		r = kernel_range(name, &start, &length);
		if (r < 0)
			return error_sys(err, r, "%s: not in sysfs", node);
	}
	r = partnode_compare(node, p, start, length, err);
	if (r == 0)
		r = ensure_node(name, node, err);
	if (r == 0)
		*ret = steal_ptr(&node);
	return r;
}
