/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our mapped devices: the disk "vdattach0" (uuid "VDATTACH-vdattach0") and its partitions
 * "vdattach0p1" (uuid "part1-VDATTACH-vdattach0", as kpartx names them). Names of devices are the
 * kernel's: "dm-3". All that is asked here comes from sysfs, so it needs no device-mapper.
 */
#ifndef APPLETS_VDATTACH_DM_DISK_H
#define APPLETS_VDATTACH_DM_DISK_H

#include "applets/lib/dm.h"
#include "applets/vdattach/partition/partition.h"

#define DM_UUID_PREFIX "VDATTACH-"

/*
 * Makes the disk, still without a table, under the first name that is free. name: DM_NAME_SIZE
 * bytes. 0 or -errno.
 */
int dm_disk_create(int control, char *name, dev_t *ret_device, struct error **err) _must_check_
	_nonnull_(2, 3);

/*
 * Calls visit for each name in a directory of device in sysfs ("holders", "slaves") until it
 * returns something but 0, which is returned.
 */
int dm_disk_each(const char *device, const char *directory, int (*visit)(const char *, void *),
		 void *arg) _nonnull_(1, 2, 3);

/* The same with every block device of the machine. */
int dm_disk_all(int (*visit)(const char *, void *), void *arg) _nonnull_(1);

/* A device but a loop device that disk is made of; *ret is the caller's to free. False: none. */
bool dm_disk_below(const char *disk, char **ret) _nonnull_(1, 2);

/* True for a disk or partition of ours. */
bool dm_disk_is_ours(const char *device) _nonnull_(1);

/*
 * The disk of a partition of ours ("dm-4" -> "dm-3"); others are their own. *ret is the caller's to
 * free. 0 or -errno.
 */
int dm_disk_whole(const char *device, char **ret) _must_check_ _nonnull_(1, 2);

/*
 * Makes partition p of our disk ("dm-3") unless it is there. *ret_node ("/dev/dm-4") is the
 * caller's to free. 0 or -errno.
 */
int dm_disk_add_partition(const char *disk, const struct partition *p, char **ret_node,
			  struct error **err) _must_check_ _nonnull_(1, 2, 3);

/* Whether there is a disk of that name. */
bool dm_disk_exists(const char *disk) _nonnull_(1);

/*
 * The other device that our disk is made of besides loop devices: *ret_server ("nbd0") is the
 * caller's to free. name: the disk's own ("vdattach0"), DM_NAME_SIZE bytes. 0 or -errno.
 */
int dm_disk_server(const char *disk, char *name, char **ret_server, struct error **err) _must_check_
	_nonnull_(1, 2, 3);

/*
 * Our disk that is made of device ("loop0"). *ret ("dm-3") is the caller's to free. False when
 * there is none.
 */
bool dm_disk_above(const char *device, char **ret) _nonnull_(1, 2);

/*
 * Takes disk and its partitions away, with their nodes. -EBUSY, and nothing is changed, while one
 * of them is mounted or otherwise claimed; whoever merely reads it is waited for, up to 5 s.
 */
int dm_disk_remove(const char *disk, struct error **err) _must_check_ _nonnull_(1);

#endif
